// A list linked through its elements' `previous` and `next`: no allocation, every step O(1).
// Owns nothing; an element is in at most one list at a time.
#pragma once

#include <cstdint>

namespace ddsync {

template <typename T>
class IntrusiveList {
 public:
  bool empty() const { return head_ == nullptr; }
  uint64_t size() const { return size_; }
  T* front() const { return head_; }

  void push_back(T& element) {
    element.previous = tail_;
    element.next = nullptr;
    (tail_ == nullptr ? head_ : tail_->next) = &element;
    tail_ = &element;
    ++size_;
  }
  void remove(T& element) {
    (element.previous == nullptr ? head_ : element.previous->next) = element.next;
    (element.next == nullptr ? tail_ : element.next->previous) = element.previous;
    element.previous = element.next = nullptr;
    --size_;
  }

 private:
  T* head_ = nullptr;
  T* tail_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace ddsync
