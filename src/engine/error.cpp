// The table: one row per code that needs a decision, and what each family of errors means where.
#include "engine/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>

namespace ddsync {
namespace {

enum class Family : uint8_t {
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

struct Row {
  int code;
  std::string_view name;
  Family family;
};

// Ascending by code. Names: MongoDB's error_codes.yml; codes above 17 000 without a name there: what they are
// thrown for.
constexpr auto kTable = std::to_array<Row>({
    {kErrorLocalDisk, "LocalDisk", Family::transient},
    {kErrorProtocol, "InvalidReply", Family::interrupted},
    {kErrorNetwork, "NetworkError", Family::interrupted},
    // A gateway that lost its pool connection answers 1 too: reconnect (SERVERS section 4).
    {1, "InternalError", Family::interrupted},
    {2, "BadValue", Family::document},
    {6, "HostUnreachable", Family::interrupted},
    {7, "HostNotFound", Family::interrupted},
    {8, "UnknownError", Family::interrupted},
    {9, "FailedToParse", Family::document},
    {11, "UserNotFound", Family::access},
    {13, "Unauthorized", Family::access},
    {14, "TypeMismatch", Family::document},
    {15, "Overflow", Family::document},
    {16, "InvalidLength", Family::document},
    {18, "AuthenticationFailed", Family::access},
    {20, "IllegalOperation", Family::document},
    {22, "InvalidBSON", Family::document},
    {24, "LockTimeout", Family::transient},
    {26, "NamespaceNotFound", Family::missing},
    {43, "CursorNotFound", Family::cursor},
    {46, "LockBusy", Family::transient},
    {48, "NamespaceExists", Family::document},
    {50, "MaxTimeMSExpired", Family::interrupted},
    {52, "DollarPrefixedFieldName", Family::document},
    {53, "InvalidIdField", Family::document},
    {54, "NotSingleValueField", Family::document},
    {55, "InvalidDBRef", Family::document},
    {56, "EmptyFieldName", Family::document},
    {57, "DottedFieldName", Family::document},
    {59, "CommandNotFound", Family::document},
    {61, "ShardKeyNotFound", Family::document},
    {63, "StaleShardVersion", Family::transient},
    // Write concern: done on one node, not proven on enough of them. Never counts as done (fault F11).
    {64, "WriteConcernTimeout", Family::interrupted},
    {66, "ImmutableField", Family::document},
    {72, "InvalidOptions", Family::document},
    {73, "InvalidNamespace", Family::document},
    {75, "WriteConcernLegacyOK", Family::interrupted},
    {79, "UnknownReplWriteConcern", Family::interrupted},
    {89, "NetworkTimeout", Family::interrupted},
    {91, "ShutdownInProgress", Family::interrupted},
    {96, "OperationFailed", Family::cursor},
    {100, "UnsatisfiableWriteConcern", Family::interrupted},
    {107, "LockFailed", Family::transient},
    {112, "WriteConflict", Family::transient},
    {115, "CommandNotSupported", Family::document},
    {116, "DocTooLargeForCapped", Family::document},
    {117, "ConflictingOperationInProgress", Family::transient},
    {121, "DocumentValidationFailure", Family::document},
    {133, "FailedToSatisfyReadPreference", Family::transient},
    {134, "ReadConcernMajorityNotAvailableYet", Family::transient},
    {136, "CappedPositionLost", Family::history},
    {143, "CursorInUse", Family::cursor},
    // Under pressure (SERVERS section 4): the same again at once would fail again.
    {146, "ExceededMemoryLimit", Family::throttled},
    {150, "StaleEpoch", Family::transient},
    {166, "CommandNotSupportedOnView", Family::document},
    {171, "CannotIndexParallelArrays", Family::document},
    {175, "QueryPlanKilled", Family::cursor},
    {189, "PrimarySteppedDown", Family::interrupted},
    {201, "CannotBuildIndexKeys", Family::document},
    {202, "NetworkInterfaceExceededTimeLimit", Family::interrupted},
    {206, "NoSuchSession", Family::transient},
    {215, "DatabaseDropPending", Family::transient},
    {217, "IncompleteTransactionHistory", Family::transient},
    {222, "CloseChangeStream", Family::cursor},
    // The server refused a write whose transaction number is old: again with a higher one (RELIABILITY J1).
    {225, "TransactionTooOld", Family::transient},
    {234, "RetryChangeStream", Family::cursor},
    {237, "CursorKilled", Family::cursor},
    {251, "NoSuchTransaction", Family::transient},
    // resumeAfter with the token of an invalidate. The engine uses startAfter there, so a token that is still
    // refused is one that this source cannot go on from.
    {260, "InvalidResumeToken", Family::history},
    {261, "TooManyLogicalSessions", Family::transient},
    {262, "ExceededTimeLimit", Family::interrupted},
    {272, "MigrationConflict", Family::transient},
    {276, "IndexBuildAborted", Family::transient},
    {279, "ClientDisconnect", Family::interrupted},
    {280, "ChangeStreamFatalError", Family::history},
    {286, "ChangeStreamHistoryLost", Family::history},
    {290, "TransactionExceededLifetimeLimitSeconds", Family::interrupted},
    {314, "ObjectIsBusy", Family::cursor},
    {317, "ConnectionPoolExpired", Family::interrupted},
    {334, "MechanismUnavailable", Family::access},
    {346, "ChangeStreamInvalidated", Family::cursor},
    {355, "InterruptedDueToStorageChange", Family::interrupted},
    {365, "TemporarilyUnavailable", Family::transient},
    {371, "UserWritesBlocked", Family::transient},
    {378, "NonConformantBSON", Family::document},
    {384, "ConnectionError", Family::interrupted},
    {391, "ReauthenticationRequired", Family::transient},
    {402, "ResourceExhausted", Family::throttled},
    {433, "AdmissionQueueOverflow", Family::throttled},
    {449, "RateLimitExceeded", Family::throttled},
    {462, "IngressRequestRateLimitExceeded", Family::throttled},
    {9001, "SocketException", Family::interrupted},
    {10003, "CannotGrowDocumentInCappedNamespace", Family::document},
    {10026, "NamespaceNotFound", Family::missing},  // renameCollection of old servers
    {10058, "LegacyNotPrimary", Family::interrupted},
    {10107, "NotWritablePrimary", Family::interrupted},
    {10334, "BSONObjectTooLarge", Family::document},
    {11000, "DuplicateKey", Family::duplicate},
    {11001, "DuplicateKey", Family::duplicate},
    {11600, "InterruptedAtShutdown", Family::interrupted},
    {11601, "Interrupted", Family::interrupted},
    {11602, "InterruptedDueToReplStateChange", Family::interrupted},
    {12582, "DuplicateKey", Family::duplicate},  // of a mongos before 5.0
    {13297, "DatabaseDifferCase", Family::document},
    {13388, "StaleConfig", Family::transient},
    {13435, "NotPrimaryNoSecondaryOk", Family::interrupted},
    {13436, "NotPrimaryOrSecondary", Family::interrupted},
    {14031, "OutOfDiskSpace", Family::transient},
    {16500, "TooManyRequests", Family::throttled},
    {17280, "KeyTooLong", Family::document},
    {17419, "DocumentTooLargeAfterUpdate", Family::document},
    {17420, "DocumentTooLargeToReplace", Family::document},
    {40576, "ResumePointNotInHistory", Family::history},
    {40585, "ResumeTokenNotFound", Family::history},
    {40645, "BadResumeToken", Family::history},
    {40647, "BadResumeToken", Family::history},
    {40648, "BadResumeToken", Family::history},
    {40649, "BadResumeToken", Family::history},
    {46841, "ClientMarkedKilled", Family::interrupted},
    {50811, "BadResumeToken", Family::history},
    {91331, "RetriableRemoteCommandFailure", Family::interrupted},
});
static_assert(std::ranges::is_sorted(kTable, std::less<>{}, &Row::code));

const Row* find_row(int code) {
  const auto* row = std::ranges::lower_bound(kTable, code, std::less<>{}, &Row::code);
  return row != kTable.end() && row->code == code ? row : nullptr;
}

bool contains(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return !std::ranges::search(text, part, same).empty();
}

bool is_stream(ErrorContext context) {
  return context == ErrorContext::stream_open || context == ErrorContext::stream_read;
}

bool is_write(ErrorContext context) {
  return context == ErrorContext::write_command || context == ErrorContext::write_operation ||
         context == ErrorContext::schema;
}

// What the table cannot say because the words decide. Texts that quote a document (duplicates, validation)
// are left out: the document's own words must not decide.
Family family_of(int code, std::string_view message) {
  const Row* row = find_row(code);
  const Family family = row != nullptr ? row->family : Family::unlisted;
  const bool quotes_document = family == Family::duplicate || code == 121;
  if (quotes_document || (family != Family::document && family != Family::unlisted)) return family;
  if (contains(message, "could not acquire lock") || contains(message, "deadlock")) return Family::transient;
  // A fence at a server without retryable writes: a matter of the set-up, not of the documents.
  if (code == 20 && contains(message, "transaction numbers")) return Family::transient;
  if (code == 8000 && contains(message, "auth")) return Family::access;  // Atlas: wrong credentials
  if (contains(message, "request rate is large")) return Family::throttled;
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

Treatment classify_stream(ErrorContext context, Family family, int code, std::string_view message) {
  // An event too large to be delivered (10334 at mongod): the stream cannot get past it, like a lost history.
  if (code == 10334) return Treatment::history_lost;
  // A garbage token: 9 at secantusd and mongod, 2 at DocumentDB.
  const bool may_be_token = family == Family::document || family == Family::unlisted;
  if (may_be_token && contains(message, "resume token")) return Treatment::history_lost;
  if (code == 9 && context == ErrorContext::stream_open) return Treatment::history_lost;
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
    case Treatment::fatal:
      return "fatal";
  }
  return "";
}

std::string_view error_code_name(int code) {
  const Row* row = find_row(code);
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
  return fmt::format("[{}, {}] {}", label, to_string(error.treatment), error.message);
}

}  // namespace ddsync
