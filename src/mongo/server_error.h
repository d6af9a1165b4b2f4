// The driver's and the server's errors as ours, and what else is read out of replies. Internal to mongo/.
#pragma once

#include <optional>

#include "engine/error.h"
#include "mongo/handles.h"

namespace ddsync::mongo {

inline constexpr int kCursorNotFound = 43;

// What a failed call of the driver means. `reply` is what the server said (may be empty).
// Error::outcome_unknown stays false where the command cannot have left this process.
Error to_error(ErrorContext context, const bson_error_t& failure, DocumentView reply);

// `{code, codeName, errmsg}` of a reply, a write error or a write concern error.
Error error_from_document(ErrorContext context, DocumentView document);

// Numbers come as int32, int64 or double, depending on the server.
// Nothing for what is no integer: other types, NaN, fractions, what no int64 holds.
std::optional<int64_t> whole_number(const ValueView& value);
// Also of a boolean, and of a fraction, which is cut; where that gives no integer, `otherwise`.
int64_t as_integer(const ValueView& value, int64_t otherwise = 0);
std::string_view as_text(const ValueView& value);
// The document or array called `name`, or an empty view.
DocumentView document_at(DocumentView parent, std::string_view name);

}  // namespace ddsync::mongo
