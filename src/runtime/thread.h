// A thread with a small stack: several hundred streams mean several hundred threads.
// Errors: std::system_error when the thread cannot be made (a start-up failure).
#pragma once

#include <pthread.h>

#include <functional>
#include <string>

namespace ddsync::runtime {

class Thread {
 public:
  // `name` shows in `top -H` and debuggers; the kernel keeps 15 characters.
  Thread(const std::string& name, std::function<void()> body);
  ~Thread();  // waits for its end
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  pthread_t handle() const { return handle_; }

 private:
  static void* enter(void* self);

  std::function<void()> body_;
  pthread_t handle_{};
};

}  // namespace ddsync::runtime
