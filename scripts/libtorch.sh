#!/usr/bin/env bash
# Brings libtorch into third_party/libtorch, where the build looks for it.
#
#   1. LIBTORCH, where it points at a libtorch of the right version   -> a folder of links to it
#   2. python3, where it has PyTorch of the right version installed   -> a folder of links to it
#   3. otherwise the wheels pinned in scripts/libtorch.lock            -> their CPU part, unpacked
#
# Running it again does nothing while the result is in place. What it makes appears in one rename, so
# an interrupted run leaves nothing half done. Needs bash, python3 and, for the third way, pip.
set -euo pipefail

readonly version=2.11.0
readonly needed_mib=1300
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
readonly lock=$root/scripts/libtorch.lock
readonly parent=$root/third_party
readonly dst=$parent/libtorch
readonly libraries=(libtorch_cpu.so libtorch.so libc10.so)

say() { printf 'libtorch: %s\n' "$*"; }

fail() {
  printf 'libtorch: error: %s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 2
}

# The version of the libtorch in folder $1, or nothing where that folder cannot serve a build.
version_in() {
  local dir=$1 library
  for library in "${libraries[@]}"; do [ -e "$dir/lib/$library" ] || return 0; done
  [ -e "$dir/include/ATen/ATen.h" ] || return 0
  if [ -f "$dir/build-version" ]; then
    head -n 1 "$dir/build-version"
  elif [ -f "$dir/version.py" ]; then
    sed -n "s/^__version__ = ['\"]\([^'\"]*\)['\"].*/\1/p" "$dir/version.py"
  fi
}

# Whether folder $1 holds the wanted version; what follows a `+` names only a build of it.
serves() {
  local found
  found=$(version_in "$1")
  [ "${found%%+*}" = "$version" ]
}

# The folder of the PyTorch that python3 would import; found without importing it, which takes seconds.
torch_of_python() {
  command -v python3 >/dev/null || return 0
  python3 - 2>/dev/null <<'PY' || true
import importlib.util
spec = importlib.util.find_spec("torch")
for folder in (spec.submodule_search_locations or []) if spec else []:
    print(folder)
    break
PY
}

# Whether the folder in place came from $1 and is whole.
in_place() {
  [ "$(cat "$dst/.origin" 2>/dev/null || true)" = "$1" ] && serves "$dst"
}

# Whether an earlier run made links, to whatever it was, that still serve.
linked() {
  [[ "$(cat "$dst/.origin" 2>/dev/null || true)" == links\ * ]] && serves "$dst"
}

# Puts the finished folder $1 in place, with a note of where it came from.
install_folder() {
  local made=$1 origin=$2
  printf '%s\n' "$version" >"$made/build-version"
  printf '%s\n' "$origin" >"$made/.origin"
  if [ -e "$dst" ] || [ -L "$dst" ]; then mv "$dst" "$work/old"; fi
  mv "$made" "$dst"
}

# Links the CPU libraries of folder $1 and what they need from beyond the system. The CUDA libraries
# are left out on purpose: the engine opens them when it runs, so that one build serves both.
link_from() {
  local from=$1 made=$work/links library path
  mkdir -p "$made/lib"
  ln -s "$from/include" "$made/include"
  for library in "${libraries[@]}"; do ln -s "$from/lib/$library" "$made/lib/$library"; done
  ldd "$from/lib/libtorch_cpu.so" | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' |
    while read -r library path; do
      case $path in
        /lib/* | /lib64/* | /usr/lib/* | /usr/lib64/*) ;;
        *) [ -e "$made/lib/$library" ] || ln -s "$path" "$made/lib/$library" ;;
      esac
    done
  install_folder "$made" "links $from"
}

require_tools() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    fail "the pinned wheels are for Linux on x86-64, and this is $(uname -s) on $(uname -m)" \
      "Set LIBTORCH to the folder of a libtorch $version and run this again."
  command -v python3 >/dev/null ||
    fail "python3 is needed to fetch libtorch, and there is none" \
      "On Debian or Ubuntu: apt-get install python3 python3-pip" \
      "Or set LIBTORCH to the folder of a libtorch $version."
  python3 -m pip --version >/dev/null 2>&1 ||
    fail "pip is needed to fetch libtorch, and python3 has none" \
      "On Debian or Ubuntu: apt-get install python3-pip" \
      "Or set LIBTORCH to the folder of a libtorch $version."
}

require_disk() {
  local free_mib
  free_mib=$(df -Pm "$parent" | awk 'NR == 2 { print $4 }')
  [ "$free_mib" -ge "$needed_mib" ] ||
    fail "no room: libtorch needs $needed_mib MiB while it is unpacked, and $parent has $free_mib MiB"
}

# Downloads the pinned wheels. They are asked for by their Python's name, so that the version of the
# Python that runs here does not matter.
download_to() {
  local wheels=$1 log=$work/pip.log
  mkdir -p "$wheels" "$work/tmp"
  TMPDIR=$work/tmp python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir \
    --no-deps --only-binary=:all: --require-hashes --requirement "$lock" \
    --implementation cp --python-version 3.11 --abi cp311 --abi none \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 \
    --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 \
    --dest "$wheels" >"$log" 2>&1 && return
  cat "$log" >&2
  if grep -q 'DO NOT MATCH THE HASHES' "$log"; then
    fail "what was downloaded is not what scripts/libtorch.lock pins, and was thrown away" \
      "A broken download is the usual cause: run this again. If it stays, a proxy or a mirror" \
      "changes the file: do not go on."
  elif grep -qi 'no space left' "$log"; then
    fail "no room left on the disk while the wheels were downloaded"
  fi
  fail "pip could not download libtorch (its own words are above)" \
    "Without a network: set LIBTORCH to the folder of a libtorch $version, or install PyTorch" \
    "$version for python3; behind a proxy or a mirror, set pip's own options for it."
}

# Takes from the wheels in $1 the CPU libraries, their headers, and the two CUDA libraries that the
# CPU library names (12 MB of some 3 GB).
unpack() {
  python3 - "$1" "$2" <<'PY' || fail "the wheels could not be unpacked (the reason is above)"
import pathlib, shutil, sys, zipfile

wheels, out = map(pathlib.Path, sys.argv[1:])
cpu = {f"torch/lib/{name}" for name in ("libtorch_cpu.so", "libtorch.so", "libc10.so", "libgomp.so.1")}
beside = {"libcudart.so.13", "libcupti.so.13"}

def target(name):
    if name.endswith("/"):
        return None
    if name in cpu or name.startswith("torch/include/"):
        return out / name.removeprefix("torch/")
    file = pathlib.PurePosixPath(name).name
    return out / "lib" / file if file in beside else None

for wheel in wheels.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = target(name)
            if path is None:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)

wanted = {pathlib.PurePosixPath(name).name for name in cpu} | beside
missing = wanted - {path.name for path in (out / "lib").iterdir()}
if missing:
    sys.exit(f"not in the wheels: {', '.join(sorted(missing))}")
PY
}

fetch() {
  local origin=$1
  require_tools
  require_disk
  say "fetching $version (530 MB to download, 500 MB on disk)"
  download_to "$work/wheels"
  unpack "$work/wheels" "$work/unpacked"
  install_folder "$work/unpacked" "$origin"
}

main() {
  local given=${LIBTORCH:-} origin
  mkdir -p "$parent"
  work=$(mktemp -d "$parent/.work.XXXXXX")
  trap 'rm -rf "$work"' EXIT

  if [ -n "$given" ] && [ "$(realpath -m "$given")" != "$(realpath -m "$dst")" ]; then
    given=$(realpath -m "$given")
    if serves "$given"; then
      in_place "links $given" || link_from "$given"
      say "$dst links to $given (from LIBTORCH)"
      return
    fi
    say "LIBTORCH is $given, which is not a libtorch $version with its headers: looking elsewhere"
  fi
  origin="wheels $(sha256sum "$lock" | cut -c1-64)"
  if in_place "$origin" || linked; then
    say "$version is in place: $dst"
    return
  fi
  given=$(torch_of_python)
  if [ -n "$given" ] && serves "$given"; then
    in_place "links $given" || link_from "$given"
    say "$dst links to $given (PyTorch of python3)"
    return
  fi
  fetch "$origin"
  say "$version is in $dst"
}

main
