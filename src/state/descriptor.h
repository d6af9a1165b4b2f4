// A file descriptor that closes itself.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <utility>

namespace ddsync::state {

inline constexpr mode_t kFileMode = 0600;  // of everything that is kept

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  bool open() const { return number_ >= 0; }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  // For writers: some file systems report a failed write only here. False = failed, see errno.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

}  // namespace ddsync::state
