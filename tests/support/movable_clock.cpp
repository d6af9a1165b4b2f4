// Loaded into a program (LD_PRELOAD): its wall clock is off by the seconds in the file $MOVABLE_CLOCK, as if
// somebody had set it. What waits by the wall clock ends, as with the kernel's, when that shows the given
// time.
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int64_t kSecond_ns = 1'000'000'000;
constexpr int64_t kLookEvery_ns = 50'000'000;  // whether a waited-for time has come by a clock that moves

timespec to_timespec(int64_t ns) { return {.tv_sec = ns / kSecond_ns, .tv_nsec = ns % kSecond_ns}; }

int64_t to_ns(const timespec& time) { return time.tv_sec * kSecond_ns + time.tv_nsec; }

int64_t moved_s() {
  const char* path = std::getenv("MOVABLE_CLOCK");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32] = {};
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  return length > 0 ? std::strtoll(text, nullptr, 10) : 0;
}

int64_t now_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return to_ns(time);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long failed = syscall(SYS_clock_gettime, clock, time);
  if (failed == 0 && clock == CLOCK_REALTIME) time->tv_sec += moved_s();
  return static_cast<int>(failed);
}

int gettimeofday(timeval* time, void*) noexcept {
  const int64_t now = now_ns(CLOCK_REALTIME);
  *time = {.tv_sec = now / kSecond_ns, .tv_usec = now % kSecond_ns / 1'000};
  return 0;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  for (;;) {
    const int64_t left = to_ns(*until) - now_ns(CLOCK_REALTIME);
    if (left <= 0) return ETIMEDOUT;
    const timespec look = to_timespec(now_ns(CLOCK_MONOTONIC) + std::min(left, kLookEvery_ns));
    const int ended = pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &look);
    if (ended != ETIMEDOUT) return ended;
  }
}
}
