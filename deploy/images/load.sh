#!/bin/sh
# In a bundle: `./load.sh` checks the files and loads the images; `./load.sh setup --domain ...` makes the state folder
# beside it, by the jobs image. Needs Docker and nothing else; asks no network.
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" = setup ]; then
  version=$(sed -n 's/^version=//p' VERSION)
  mkdir -p state && chmod 700 state
  postgres=quntuan/postgres:$version
  if [ ! -e state/recovery.key ] && [ ! -e state/secrets/postgres/recipient ]; then
    (umask 077 && docker run --rm --network none --entrypoint age-keygen "$postgres" >state/recovery.key 2>/dev/null)
  fi
  shift
  exec docker run --rm --network none --user "$(id -u):$(id -g)" -v "$PWD/state:$PWD/state" --entrypoint python \
    "quntuan/jobs:$version" -m deploy.cli setup --state "$PWD/state" "$@"
fi
sha256sum -c SHA256SUMS
docker load <images.tar.gz
