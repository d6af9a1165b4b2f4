# What ./dev test does, step by step. Sourced by ./dev, POSIX sh.
# A failed step does not hide the ones after it; all summaries stand at the end, the release tests' last.

run_all_tests() {
  failed=
  step "The format of the C++ sources" check_format
  configure release
  step "The release build" build_targets_or_fail release
  step "Unit, simulator and integration tests" run_ctest release
  for sanitizer in asan tsan; do
    configure "$sanitizer"
    step "The $sanitizer build" build_targets_or_fail "$sanitizer"
    step "Unit and simulator tests with $sanitizer" run_ctest "$sanitizer"
  done
  step "clang-tidy" check_tidy
  print_summaries
  [ -z "$failed" ] || fail "not everything passed:$failed"
}

# step NAME COMMAND...
step() {
  name=$1
  shift
  say "== $name"
  started=$(date +%s)
  if "$@"; then
    say "   passed in $(($(date +%s) - started)) s"
  else
    say "   FAILED after $(($(date +%s) - started)) s"
    failed="$failed $name;"
  fi
}

# build_targets ends the script when it fails; here the other steps still go on.
build_targets_or_fail() { (build_targets "$@"); }

# run_ctest PRESET: the output is shown and kept.
run_ctest() {
  ctest_log=$log_dir/ctest-$1.log
  {
    without_randomised_addresses "$1" ctest --preset "$1" -j "$jobs" --no-tests=error
    echo $? >"$ctest_log.status"
  } 2>&1 | tee "$ctest_log"
  return "$(cat "$ctest_log.status")"
}

# ThreadSanitizer of gcc 12 cannot start where the kernel spreads addresses over more bits than it knows.
without_randomised_addresses() {
  preset=$1
  shift
  if [ "$preset" = tsan ] && setarch "$(uname -m)" -R true 2>/dev/null; then
    setarch "$(uname -m)" -R "$@"
  else
    "$@"
  fi
}

# The product's files, with the commands of the release build.
check_tidy() {
  tidy_log=$log_dir/clang-tidy.log
  if run-clang-tidy-19 -quiet -extra-arg=-Wno-error -p build/release -j "$jobs" "$root/src/.*\.cpp\$" >"$tidy_log" 2>&1; then
    return 0
  fi
  grep -A 3 'error:' "$tidy_log" >&2 || tail "$tidy_log" >&2
  return 1
}

print_summaries() {
  for preset in tsan asan release; do
    say "== Summary of the tests, $preset build"
    sed -n '/tests passed/,$p' "$log_dir/ctest-$preset.log"
  done
  [ -n "$secantusd_rs" ] || say "The integration tests ran on secantusd-py only: no recent cargo is here."
}
