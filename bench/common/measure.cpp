#include "common/measure.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <iostream>

namespace ddsync::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double cpu_now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

}  // namespace

Measurement::Measurement() : start_(std::chrono::steady_clock::now()), cpu_start_(cpu_now()) {}

double Measurement::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

double Measurement::cpu_seconds() const { return cpu_now() - cpu_start_; }

void Measurement::print(int64_t events, const std::string& more) const {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}, \"cpu_seconds\": {:.6f}{}}}\n", events, seconds(),
             cpu_seconds(), more);
  std::fflush(stdout);
}

int64_t wall_clock_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void wait_for_go() {
  fmt::print("ready\n");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
}

}  // namespace ddsync::bench
