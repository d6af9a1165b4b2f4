# Configures and builds. Sourced by ./dev, POSIX sh.

product=build/release/src/documentdb-sync
jobs=$(nproc)

# configure PRESET [OPTION...]: with all tests.
configure() {
  preset=$1
  shift
  quietly "configure-$preset.log" cmake --preset "$preset" -DDDSYNC_BUILD_TESTS=ON "$@" ||
    fail "the configuration of the $preset build failed"
}

# The same, with what the integration tests need: `python` and `secantusd_rs` are set.
configure_all() {
  configure "$1" "-DDDSYNC_PYTHON=$python" "-DDDSYNC_SECANTUSD_RS=$secantusd_rs"
}

# build_targets PRESET [TARGET...]: all targets when none is named.
build_targets() {
  preset=$1
  shift
  [ $# -eq 0 ] || set -- --target "$@"
  say "Building ($preset)."
  if [ -t 1 ]; then
    cmake --build "build/$preset" -j "$jobs" "$@"
  else
    quietly "build-$preset.log" cmake --build "build/$preset" -j "$jobs" "$@"
  fi || fail "the $preset build failed"
}

# The program alone, which needs no test packages. An existing build folder is used as it is.
build_product() {
  if [ ! -e build/release/build.ninja ]; then
    quietly configure-release.log cmake --preset release -DDDSYNC_BUILD_TESTS=OFF -DDDSYNC_BUILD_BENCH=OFF ||
      fail "the configuration of the release build failed"
  fi
  build_targets release documentdb-sync
}
