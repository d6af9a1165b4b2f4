# What the parts of ./dev share. Sourced, POSIX sh.

cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/documentdb-sync
log_dir=build/logs

say() { printf '%s\n' "$*"; }

fail() {
  printf './dev: %s\n' "$*" >&2
  exit 1
}

# quietly LOG COMMAND...: the output goes to build/logs/LOG; its end is shown when the command fails.
quietly() {
  log=$log_dir/$1
  shift
  mkdir -p "$log_dir"
  if "$@" >"$log" 2>&1; then
    return 0
  fi
  tail -n 40 "$log" >&2
  say "Failed: $* (the whole output is in $log)" >&2
  return 1
}

# All C++ files of the project, separated by NUL.
cxx_sources() { find src tests bench -name build -prune -o \( -name '*.cpp' -o -name '*.h' \) -print0; }

check_format() {
  if cxx_sources | xargs -0 clang-format --dry-run -Werror; then
    return 0
  fi
  say "Some files are not formatted as .clang-format says; ./dev format repairs that." >&2
  return 1
}
