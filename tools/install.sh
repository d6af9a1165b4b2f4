# Installs what is missing and nothing else. Sourced by ./dev, POSIX sh.

packages_build="build-essential cmake ninja-build pkg-config ccache libmongoc-dev libbson-dev libssl-dev
  libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libexpected-dev libxxhash-dev
  librocksdb-dev"
packages_python="python3 python3-venv ca-certificates"
packages_test="libgtest-dev libbenchmark-dev openssl"
packages_style="clang-format clang-tidy-19"

secantus_version=0.5.3-beta.196
rust_minor_min=85 # the crate is of the 2024 edition

# Sets `missing` to those of the named packages that dpkg does not know as installed.
find_missing() {
  missing=
  for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1) || true
    [ "$status" = installed ] || missing="$missing $package"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

apt_install() {
  as_root apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

install_packages() {
  command -v dpkg-query >/dev/null 2>&1 ||
    fail "this is not a Debian system. Needed are (by their Debian 12 names): $(echo $*)"
  find_missing "$@"
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
    fail "missing packages and neither root nor sudo; as root, run: apt-get install$missing"
  fi
  say "Installing Debian packages:$missing"
  # A fresh container has no package lists, an old one has lists of versions that are gone: refresh and try again.
  if ! apt_install $missing >/dev/null 2>&1; then
    say "Refreshing the package lists first."
    quietly apt-update.log as_root apt-get update -q || fail "apt-get update failed"
    quietly apt-install.log apt_install $missing || fail "apt-get install failed"
  fi
}

# Sets `python` to the interpreter of a virtual environment that holds tests/integration/requirements.txt.
# Its name carries a hash of that file, so that another version of the project gets another environment.
install_python() {
  requirements=tests/integration/requirements.txt
  venv=$cache_dir/venv-$(sha256sum "$requirements" | cut -c 1-12)
  python=$venv/bin/python
  python_ready && return 0
  mkdir -p "$cache_dir"
  exec 8>"$cache_dir/venv.lock"
  flock 8
  if ! python_ready; then
    say "Making the Python environment $venv"
    rm -rf "$venv"
    quietly python.log python3 -m venv "$venv" || fail "python3 -m venv failed"
    quietly python.log "$python" -m pip install --disable-pip-version-check -q -r "$requirements" ||
      fail "pip could not install $requirements"
    touch "$venv/complete"
  fi
  exec 8>&-
}

# Complete, and the Python that it was made from is still there.
python_ready() { [ -e "$venv/complete" ] && "$python" -c '' 2>/dev/null; }

# Sets `secantusd_rs` to the faster test server, or to nothing where it cannot be built.
install_secantusd_rs() {
  secantusd_root=$cache_dir/secantusd-rs-$secantus_version
  secantusd_rs=$secantusd_root/bin/secantusd-rs
  [ -x "$secantusd_rs" ] && return 0
  if ! find_cargo; then
    secantusd_rs=
    say "No cargo with Rust 1.$rust_minor_min or later is here: everything runs on secantusd-py only."
    return 0
  fi
  mkdir -p "$cache_dir"
  exec 9>"$cache_dir/secantusd-rs.lock"
  flock 9
  if [ ! -x "$secantusd_rs" ]; then
    say "Building the test server secantusd-rs $secantus_version, once; this takes about 4 minutes."
    if ! quietly secantusd-rs.log "$cargo" install secantus-mdb --version "$secantus_version" \
      --ignore-rust-version --root "$secantusd_root"; then
      secantusd_rs=
      say "secantusd-rs could not be built: everything runs on secantusd-py only."
    fi
  fi
  exec 9>&-
}

# Sets `cargo`, when there is one with a Rust that is recent enough.
find_cargo() {
  for cargo in "$(command -v cargo || true)" "${CARGO_HOME:-$HOME/.cargo}/bin/cargo"; do
    [ -x "$cargo" ] || continue
    minor=$("$cargo" --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
    [ "${minor:-0}" -ge "$rust_minor_min" ] && return 0
  done
  return 1
}
