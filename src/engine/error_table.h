// The codes that need a decision, and what family of errors each belongs to. Internal to engine/error.cpp,
// which decides what a family means where.
#pragma once

#include <cstdint>
#include <string_view>

namespace ddsync {

enum class ErrorFamily : uint8_t {
  unlisted,     // nothing is known of it
  transient,    // nothing was done, later it will be
  interrupted,  // transient, and a write may or may not have been executed
  throttled,
  duplicate,
  document,  // the server does not take this document or these operations
  missing,
  cursor,   // the cursor is gone, the position is not
  history,  // the position is gone
  access,
};

struct ErrorRow {
  int code;
  std::string_view name;
  ErrorFamily family;
};

// Nothing when the code is not in the table.
const ErrorRow* find_error_row(int code);

}  // namespace ddsync
