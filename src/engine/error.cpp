// What each family of errors means where; the codes are in error_table.cpp.
#include "engine/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "engine/error_table.h"
#include "engine/utf8.h"

namespace ddsync {
namespace {

using Family = ErrorFamily;

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

bool contains(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, same_letter).empty();
}

// Up to where it begins to quote something.
std::string_view own_words(std::string_view message) {
  return message.substr(0, message.find_first_of("{\"'`"));
}

bool is_stream(ErrorContext context) {
  return context == ErrorContext::stream_open || context == ErrorContext::stream_read;
}

bool is_write(ErrorContext context) {
  return context == ErrorContext::write_command || context == ErrorContext::write_operation ||
         context == ErrorContext::schema;
}

// What the table cannot say because the words decide: DocumentDB and Azure send them under changing codes.
// Only whole phrases before anything quoted count, because texts of many codes go on to quote documents, and
// name collections: the user's own words must not decide.
Family family_of(int code, std::string_view message) {
  const ErrorRow* row = find_error_row(code);
  const Family family = row != nullptr ? row->family : Family::unlisted;
  const bool quotes_document = family == Family::duplicate || code == 121;
  if (quotes_document || (family != Family::document && family != Family::unlisted)) return family;
  const std::string_view own = own_words(message);
  if (contains(own, "could not acquire lock") || contains(own, "deadlock detected") ||
      contains(own, "due to deadlock"))
    return Family::transient;
  // A fence at a server without retryable writes: a matter of the set-up, not of the documents.
  if (code == 20 && contains(message, "transaction numbers")) return Family::transient;
  // DocumentDB, read-only until it is promoted (responses/pg.rs): it refuses all documents, not this one.
  if (code == 20 && contains(own, "replica cluster")) return Family::transient;
  if (code == 8000 && contains(message, "auth")) return Family::access;  // Atlas: wrong credentials
  if (contains(own, "request rate is large")) return Family::throttled;
  return family;
}

// Index names stand in the text only (DocumentDB gives no keyPattern):
//   E11000 duplicate key error collection: db.c index: _id_ dup key: { _id: 1 }
//   Duplicate key violation on the requested collection: Index '_id_'
// The last `index:` before the quoted key counts: names and keys may hold any text.
bool names_id_index(std::string_view message) {
  const size_t quoted_key = message.find("dup key:");
  const std::string_view head = message.substr(0, quoted_key);
  if (const size_t at = head.rfind("index: "); at != std::string_view::npos) {
    const std::string_view name = head.substr(at + 7);
    return name == "_id_" || name.starts_with("_id_ ");
  }
  if (const size_t at = head.rfind("Index '"); at != std::string_view::npos)
    return head.substr(at + 7).starts_with("_id_'");
  return quoted_key != std::string_view::npos && message.substr(quoted_key).starts_with("dup key: { _id:");
}

constexpr int kTokenCutShort = 15;  // Overflow

Treatment classify_stream(ErrorContext context, Family family, int code, std::string_view message) {
  // At mongod: the event, with the document before and after it, is over 16 MiB. It is there, and nobody gets
  // past.
  if (code == 10334) return Treatment::event_too_large;
  // A garbage token: 9 at secantusd and mongod, 2 at DocumentDB.
  const bool may_be_token = family == Family::document || family == Family::unlisted;
  if (may_be_token && contains(message, "resume token")) return Treatment::history_lost;
  if (context == ErrorContext::stream_open && (code == 9 || code == kTokenCutShort))
    return Treatment::history_lost;
  if (family == Family::history) return Treatment::history_lost;
  if (family == Family::cursor) return Treatment::cursor_lost;
  if (family == Family::missing) return Treatment::missing;
  return Treatment::retry;
}

// A document's error: of one operation it is final, of a whole command it must be isolated first. An error
// that nobody knows is treated like one: retried for ever it would hide, and nothing is lost by asking the
// operator.
Treatment classify_refused(ErrorContext context) {
  switch (context) {
    case ErrorContext::write_command:
      return Treatment::split;
    case ErrorContext::write_operation:
    case ErrorContext::schema:
      return Treatment::permanent;
    default:
      return Treatment::retry;
  }
}

int64_t parse_retry_after_ms(std::string_view message) {
  constexpr std::string_view key = "RetryAfterMs=";
  const size_t at = message.find(key);
  if (at == std::string_view::npos) return 0;
  const std::string_view rest = message.substr(at + key.size());
  int64_t ms = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), ms);
  return problem == std::errc() && ms > 0 ? ms : 0;
}

// Servers quote documents of many megabytes, and what is wrong with them often stands behind.
std::string without_the_middle(std::string_view message) {
  constexpr size_t kToldBytesMax = 1024;
  if (message.size() <= kToldBytesMax) return std::string(message);
  const std::string_view head = whole_characters(message, kToldBytesMax / 2);
  size_t tail = message.size() - kToldBytesMax / 2;
  while (tail < message.size() && is_continuation(message[tail])) ++tail;
  return fmt::format("{} [{} bytes left out] {}", head, tail - head.size(), message.substr(tail));
}

}  // namespace

std::string_view to_string(Treatment treatment) {
  switch (treatment) {
    case Treatment::retry:
      return "retried";
    case Treatment::throttled:
      return "retried more slowly";
    case Treatment::duplicate_id:
      return "replaced";
    case Treatment::duplicate_other:
      return "set aside";
    case Treatment::split:
      return "split";
    case Treatment::permanent:
      return "refused";
    case Treatment::missing:
      return "not there";
    case Treatment::cursor_lost:
      return "cursor reopened";
    case Treatment::history_lost:
      return "history lost";
    case Treatment::event_too_large:
      return "event too large";
    case Treatment::fatal:
      return "fatal";
  }
  return "";
}

std::string_view error_code_name(int code) {
  const ErrorRow* row = find_error_row(code);
  return row != nullptr ? row->name : std::string_view();
}

Treatment classify(ErrorContext context, int code, std::string_view message) {
  const Family family = family_of(code, message);
  if (family == Family::access) return Treatment::fatal;
  if (family == Family::throttled) return Treatment::throttled;
  if (is_stream(context)) return classify_stream(context, family, code, message);
  switch (family) {
    case Family::transient:
    case Family::interrupted:
    case Family::cursor:
      return Treatment::retry;
    case Family::missing:
      return is_write(context) && context != ErrorContext::schema ? Treatment::retry : Treatment::missing;
    case Family::duplicate:
      // Only an operation has a duplicate; a command refused as a whole hides which one it was.
      if (context != ErrorContext::write_operation) return classify_refused(context);
      return names_id_index(message) ? Treatment::duplicate_id : Treatment::duplicate_other;
    default:
      return classify_refused(context);
  }
}

Error make_error(ErrorContext context, int code, std::string_view code_name, std::string_view message) {
  Error error;
  error.code = code;
  error.code_name = code_name.empty() ? error_code_name(code) : code_name;
  error.message = message;
  error.treatment = classify(context, code, message);
  error.retry_after_ms = parse_retry_after_ms(message);
  error.outcome_unknown = is_write(context) && family_of(code, message) == Family::interrupted;
  return error;
}

std::string describe(const Error& error) {
  std::string label = error.code > 0 ? std::to_string(error.code) : "";
  if (!error.code_name.empty()) label += (label.empty() ? "" : " ") + error.code_name;
  if (label.empty()) label = "error";
  return fmt::format("[{}, {}] {}", label, to_string(error.treatment), without_the_middle(error.message));
}

}  // namespace ddsync
