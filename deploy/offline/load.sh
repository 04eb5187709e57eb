#!/bin/sh
# In a bundle: compares every file with its checksum and loads the images. Then ./quntuan, as RUNBOOK.md says.
# Needs Docker and nothing else; asks no network.
set -eu
cd "$(dirname "$0")"
if ! sha256sum --check --strict --quiet SHA256SUMS; then
  echo "安装包不完整或被改动,没有装入任何镜像 / this bundle is not whole or was changed: no image was loaded" >&2
  exit 1
fi
docker load <images.tar.gz
echo "请与制作者核对 / compare with who made it: $(sha256sum SHA256SUMS)"
