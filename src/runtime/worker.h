// One thread that carries out orders one after the other, in the order in which they were posted.
// Thread-safety: post and close from any thread. The destructor finishes the orders that wait, then ends.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/mailbox.h"
#include "runtime/thread.h"

namespace ddsync::runtime {

template <typename Order>
class Worker {
 public:
  using CarryOut = std::function<void(Order&&)>;

  Worker(const std::string& name, CarryOut carry_out)
      : carry_out_(std::move(carry_out)), thread_(name, [this] { run(); }) {}
  ~Worker() { close(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(Order&& order) { orders_.post(std::move(order)); }
  // To end many workers together: close all of them before the first is destroyed.
  void close() { orders_.close(); }

 private:
  void run() {
    std::vector<Order> taken;
    while (orders_.take(taken)) {
      for (Order& order : taken) {
        carry_out_(std::move(order));
      }
    }
    // What the worker holds (a connection) is given back by its own thread.
    carry_out_ = nullptr;
  }

  Mailbox<Order> orders_;
  CarryOut carry_out_;
  Thread thread_;  // last: it uses all of the above
};

}  // namespace ddsync::runtime
