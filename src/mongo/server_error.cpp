#include "mongo/server_error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace ddsync::mongo {
namespace {

// libmongoc gives every failure of a login the same code, also a lost connection or a server that is going
// down (mongoc-cluster.c, 1.23): only the text tells a wrong password, which ends the service, from an
// outage. What it does not know is an outage: DocumentDB asks its PostgreSQL, and whatever that says comes
// through (responses/pg.rs). An outage must not end the service, and what is retried is told.
bool login_was_refused(std::string_view message) {
  constexpr auto outages =
      std::to_array<std::string_view>({"Failed to send", "shut", "interrupted", "primary", "stepped down",
                                       "quiesce", "timed out", "timeout"});
  constexpr auto refusals = std::to_array<std::string_view>(
      {"auth", "Auth", "Invalid key", "Invalid account", "Username", "find user", "UserNotFound", "assword",
       "redential", "echanism", "ertificate", "SCRAM", "denied"});
  const auto any_in = [&](const auto& texts) {
    return std::ranges::any_of(
        texts, [&](std::string_view text) { return message.find(text) != std::string_view::npos; });
  };
  return !any_in(outages) && any_in(refusals);
}

Error unsent(ErrorContext context, std::string_view message) {
  Error error = make_error(context, kErrorNetwork, "", message);
  error.outcome_unknown = false;
  return error;
}

Error stream_error(ErrorContext context, const bson_error_t& failure) {
  switch (failure.code) {
    case MONGOC_ERROR_STREAM_CONNECT:
    case MONGOC_ERROR_STREAM_NAME_RESOLUTION:
    case MONGOC_ERROR_STREAM_NOT_ESTABLISHED:
      return unsent(context, failure.message);
    default:
      return make_error(context, kErrorNetwork, "", failure.message);
  }
}

Error client_error(ErrorContext context, const bson_error_t& failure) {
  if (failure.code != MONGOC_ERROR_CLIENT_AUTHENTICATE)
    return make_error(context, kErrorProtocol, "", failure.message);
  if (!login_was_refused(failure.message)) return unsent(context, failure.message);
  return make_error(context, 18, "", failure.message);
}

bool fits_int64(double number) {
  constexpr double kBehindInt64 = 9223372036854775808.0;  // 2^63
  return number >= -kBehindInt64 && number < kBehindInt64;
}

std::optional<int64_t> as_number(const ValueView& value) {
  switch (value.type) {
    case BsonType::int32:
      return value.as_int32();
    case BsonType::int64:
      return value.as_int64();
    case BsonType::real:
      if (!fits_int64(value.as_double())) return std::nullopt;
      return static_cast<int64_t>(value.as_double());
    case BsonType::boolean:
      return value.as_bool() ? 1 : 0;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<int64_t> whole_number(const ValueView& value) {
  const auto is_whole = [](double number) { return fits_int64(number) && std::trunc(number) == number; };
  if (value.type == BsonType::boolean) return std::nullopt;
  if (value.type == BsonType::real && !is_whole(value.as_double())) return std::nullopt;
  return as_number(value);
}

int64_t as_integer(const ValueView& value, int64_t otherwise) { return as_number(value).value_or(otherwise); }

std::string_view as_text(const ValueView& value) {
  return value.type == BsonType::string ? value.as_string() : std::string_view();
}

DocumentView document_at(DocumentView parent, std::string_view name) {
  const ValueView value = find_value(parent, name);
  const bool is_document = value.type == BsonType::document || value.type == BsonType::array;
  return is_document ? value.as_document() : DocumentView();
}

Error error_from_document(ErrorContext context, DocumentView document) {
  constexpr int unknown_error = 8;
  const int64_t told = whole_number(find_value(document, "code")).value_or(0);
  const bool fits = told >= std::numeric_limits<int>::min() && told <= std::numeric_limits<int>::max();
  const int code = fits ? static_cast<int>(told) : 0;
  return make_error(context, code == 0 ? unknown_error : code, as_text(find_value(document, "codeName")),
                    as_text(find_value(document, "errmsg")));
}

Error to_error(ErrorContext context, const bson_error_t& failure, DocumentView reply) {
  switch (failure.domain) {
    case MONGOC_ERROR_SERVER:
      // The reply holds the text whole, bson_error_t cuts it at 503 bytes.
      if (!find_value(reply, "errmsg").missing()) return error_from_document(context, reply);
      return make_error(context, static_cast<int>(failure.code), "", failure.message);
    case MONGOC_ERROR_SERVER_SELECTION:
      return unsent(context, failure.message);
    case MONGOC_ERROR_STREAM:
      return stream_error(context, failure);
    case MONGOC_ERROR_CLIENT:
      return client_error(context, failure);
    case MONGOC_ERROR_SCRAM:
      return make_error(context, 18, "", failure.message);
    // "Cannot assemble command for invalidated server": the connection was lost in between.
    case MONGOC_ERROR_COMMAND:
      return unsent(context, failure.message);
    default:
      return make_error(context, kErrorProtocol, "", failure.message);
  }
}

}  // namespace ddsync::mongo
