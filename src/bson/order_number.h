// The order of BSON numbers across their types; only for order.cpp.
#pragma once

#include "bson/key_encoding.h"
#include "bson/view.h"

namespace ddsync {

// -1, 0 or 1.
template <typename T>
int three_way(T a, T b) {
  return a < b ? -1 : static_cast<int>(b < a);
}

// Exact, whatever the types: int32, int64, double and decimal128. Neither may be NaN.
int compare_numbers(ValueView a, ValueView b);

}  // namespace ddsync
