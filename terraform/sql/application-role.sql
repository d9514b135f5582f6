-- The application's role: owns what it makes in the schema public, administers nothing. Run it by psql (15 or later) as the
-- administrator; again after the secret got a new version. The password comes by the environment, not by an argument that
-- `ps` shows, and no statement is logged unless log_statement was changed:
--   APPLICATION_ROLE=shortlist APPLICATION_PASSWORD=... psql "$ADMIN_URL" -X -v ON_ERROR_STOP=1 -f application-role.sql
\set ECHO none
\getenv role APPLICATION_ROLE
\getenv password APPLICATION_PASSWORD
begin;
-- A variable that is not set stays as it is written, :'role', and so is a syntax error: nothing is done.
select format('create role %I login', :'role')
 where not exists (select from pg_roles where rolname = :'role') \gexec
select format('alter role %I password %L', :'role', :'password') \gexec
select format('grant connect, create, temporary on database %I to %I', current_database(), :'role') \gexec
select format('grant usage, create on schema public to %I', :'role') \gexec
commit;
