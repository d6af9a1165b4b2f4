// What can go wrong at a server, and what the service does about it: one table for the whole program.
// Codes: MongoDB's error_codes.yml; behaviour of DocumentDB and Azure DocumentDB as measured or documented
// (shared/SERVERS.md). Pure: no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ddsync {

enum class Treatment : uint8_t {
  retry,            // transient: again after a backoff, for ever
  throttled,        // transient, the target asks for less: slower, then again
  duplicate_id,     // 11000 against `_id_`: the document is there already, replace it
  duplicate_other,  // 11000 against another unique index: set aside, retry in order
  split,            // the whole command was refused because of one document: halve until it stands alone
  permanent,        // this document will never be accepted: `on_error` decides
  missing,          // the namespace is not there (26): harmless for a drop, a wait for a stream
  cursor_lost,      // open the cursor again from the position we hold
  history_lost,     // the position is no longer known to the source: gap
  event_too_large,  // the source cannot deliver the next change: a gap of another kind
  fatal,            // the service cannot go on: wrong credentials, missing rights
};

std::string_view to_string(Treatment treatment);

// Codes of our own, outside the range that servers use.
inline constexpr int kErrorNetwork = -1;    // connection refused, reset, timed out, no server selected
inline constexpr int kErrorProtocol = -2;   // a reply that cannot be understood
inline constexpr int kErrorLocalDisk = -3;  // state, spool or dead-letter file

// Of a server that is slow: the time that it was given for a command is over.
inline constexpr int kMaxTimeExpired = 50;

struct Error {
  int code = 0;
  std::string code_name;
  std::string message;  // the server's words; never holds a URI or a password
  Treatment treatment = Treatment::retry;
  int64_t retry_after_ms = 0;    // asked for by the server (16500), 0 = no wish
  bool outcome_unknown = false;  // a write that may or may not have been, or still may be, executed
};

// What an error was an answer to: the same code can mean different things.
enum class ErrorContext : uint8_t {
  connect,
  stream_open,
  stream_read,
  write_command,
  write_operation,
  schema,
  find
};

// Decides the treatment of a server's error.
Treatment classify(ErrorContext context, int code, std::string_view message);

// A complete Error from a server's code and text; reads `RetryAfterMs=` and fills in the name.
// A code of 0 with an empty message is not an error and must not be passed.
Error make_error(ErrorContext context, int code, std::string_view code_name, std::string_view message);

// The name of a code as the servers spell it, "" when unknown.
std::string_view error_code_name(int code);

// `[11000 DuplicateKey, set aside] E11000 duplicate key ...`: code, name and treatment, for the log. Of a
// message of more than 1 KiB the middle is left out.
std::string describe(const Error& error);

}  // namespace ddsync
