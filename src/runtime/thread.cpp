#include "runtime/thread.h"

#include <cstddef>
#include <system_error>
#include <utility>

namespace ddsync::runtime {
namespace {

// libmongoc with TLS and name resolution stays below 100 KiB; sanitizers need several times as much.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kStackBytes = 2u << 20;
#else
constexpr size_t kStackBytes = 256u << 10;
#endif

constexpr size_t kThreadNameMax = 15;

}  // namespace

Thread::Thread(const std::string& name, std::function<void()> body) : body_(std::move(body)) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const int failed = pthread_create(&handle_, &attributes, &Thread::enter, this);
  pthread_attr_destroy(&attributes);
  if (failed != 0) {
    throw std::system_error(failed, std::generic_category(), "cannot start thread " + name);
  }
  pthread_setname_np(handle_, name.substr(0, kThreadNameMax).c_str());
}

Thread::~Thread() { pthread_join(handle_, nullptr); }

void* Thread::enter(void* self) {
  static_cast<Thread*>(self)->body_();
  return nullptr;
}

}  // namespace ddsync::runtime
