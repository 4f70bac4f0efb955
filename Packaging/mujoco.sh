#!/usr/bin/env bash
# Brings a release of MuJoCo from PyPI's wheels into a folder: mujoco.sh RELEASE FOLDER
set -euo pipefail
release=$1 folder=$2
case $release in
  4.0.0) echo "MuJoCo 4.0.0 has a wrong sparse factorisation: take 4.0.1 or 3.17.0" >&2; exit 64 ;;
  [0-3].*) package=mujoco ;;
  *) package=mujoco-core ;; # From 4 on the C library has a wheel of its own.
esac
mkdir -p "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check download --quiet --no-deps --dest "$folder" "$package==$release"
python3 -m zipfile -e "$folder"/*.whl "$folder"
rm -r "$folder/venv"
ln -s "libmujoco.so.$release" "$folder/mujoco/libmujoco.so"
