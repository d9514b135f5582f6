-- The application's role: owns what it makes in the schema public, is no administrator. Run it by psql as the administrator;
-- again after the secret got a new version. The password comes by the environment, not by an argument that `ps` shows:
--   APPLICATION_ROLE=shortlist APPLICATION_PASSWORD=... psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -f application-role.sql
\getenv role APPLICATION_ROLE
\getenv password APPLICATION_PASSWORD
\if :{?role}
\else
  \echo 'APPLICATION_ROLE is not set'
  \quit
\endif
begin;
select format('create role %I login', :'role')
 where not exists (select from pg_roles where rolname = :'role') \gexec
-- A statement in the log must not hold the password.
set local log_statement = 'none';
set local log_min_duration_statement = -1;
select format('alter role %I password %L', :'role', :'password') \gexec
select format('grant connect, create, temporary on database %I to %I', current_database(), :'role') \gexec
select format('grant usage, create on schema public to %I', :'role') \gexec
commit;
