#!/bin/sh
# Rewrites the lock files from the .in files. Needs uv (in dev.txt).
set -eu
cd "$(dirname "$0")"
for name in base production test dev services; do
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --custom-compile-command requirements/lock.sh "$name.in" --output-file "$name.txt" "$@"
done
