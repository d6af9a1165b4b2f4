# What ./dev test does, step by step. Sourced by ./dev, POSIX sh.
# A failed step does not hide the ones after it. All summaries stand at the end, the release tests' last.

run_all_tests() {
  failed=
  tidy_pid=
  mkdir -p "$log_dir"
  rm -f "$log_dir"/ctest-*.log
  step "Format of the C++ sources" check_format
  step "Build (release)" configure_and_build release
  if [ "$step_passed" = yes ]; then
    begin_tidy
    step "Run (release): unit, simulator and integration tests" run_ctest release
  fi
  check_build asan "unit tests, simulator, some integration tests"
  check_build tsan "the tests of what has threads"
  step "clang-tidy (began behind the release build, on what the tests left of the processors)" end_tidy
  print_summaries
  [ -z "$failed" ]
}

# check_build PRESET TESTS: builds everything, then runs the tests unless the build failed.
check_build() {
  step "Build ($1)" configure_and_build "$1"
  [ "$step_passed" = no ] || step "Run ($1): $2" run_ctest "$1"
}

# Both end the script when they fail; here the other steps still go on.
configure_and_build() { (configure_all "$1" && build_targets "$1"); }

# step NAME COMMAND...: sets step_passed.
step() {
  step_name=$1
  shift
  say "== $step_name"
  started=$(date +%s)
  if "$@"; then
    step_passed=yes
    say "   passed in $(($(date +%s) - started)) s"
  else
    step_passed=no
    say "   FAILED after $(($(date +%s) - started)) s"
    failed="$failed
  $step_name"
  fi
}

# run_ctest PRESET: the output is shown and kept. One more at a time than there are processors: integration tests mostly wait.
run_ctest() {
  ctest_log=$log_dir/ctest-$1.log
  {
    without_randomised_addresses "$1" ctest --preset "$1" -j $((jobs + 1)) --no-tests=error
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

# The product's files, several as one: most of the time goes into headers. Beside the tests, which wait for half of theirs.
# Such a unit includes sources, which a check of its own finds suspicious.
begin_tidy() {
  tidy_log=$log_dir/clang-tidy.log
  quietly configure-tidy.log cmake --preset tidy || return 0
  nice -n 19 run-clang-tidy-19 -quiet -extra-arg=-Wno-error -p build/tidy -j "$jobs" \
    -checks=-bugprone-suspicious-include '.*' >"$tidy_log" 2>&1 &
  tidy_pid=$!
  trap 'kill "$tidy_pid" 2>/dev/null; exit 130' INT TERM
}

end_tidy() {
  [ -n "$tidy_pid" ] || return 1
  if wait "$tidy_pid"; then
    return 0
  fi
  grep -A 3 'error:' "$tidy_log" >&2 || tail "$tidy_log" >&2
  return 1
}

print_summaries() {
  print_summary tsan
  print_summary asan
  [ -n "$secantusd_rs" ] || say "The integration tests ran on secantusd-py only: no recent cargo is here."
  [ -z "$failed" ] || say "== Not everything passed:$failed"
  for preset in tsan asan release; do print_failures $preset; done
  print_summary release
}

# print_failures PRESET: what pytest and GoogleTest said was wrong, for whoever sees only the end of the output.
print_failures() {
  [ -e "$log_dir/ctest-$1.log" ] || return 0
  grep -E -A 3 '^(E  |FAILED |/.*: Failure$)|: in test_|SUMMARY: |\*\*\*(Failed|Timeout|Exception)' "$log_dir/ctest-$1.log" |
    grep -v ' Passed ' | cut -c 1-300 | head -n 80
}

# print_summary PRESET: what ctest said at its end.
print_summary() {
  say "== Summary of the tests ($1)"
  if [ -e "$log_dir/ctest-$1.log" ]; then
    sed -n '/tests passed/,$p' "$log_dir/ctest-$1.log"
  else
    say "They did not run."
  fi
}
