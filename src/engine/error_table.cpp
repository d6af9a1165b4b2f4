#include "engine/error_table.h"

#include <algorithm>
#include <array>
#include <functional>

#include "engine/error.h"

namespace ddsync {
namespace {

using Family = ErrorFamily;

// Ascending by code. Names: MongoDB's error_codes.yml; codes above 17 000 without a name there: what they are
// thrown for.
constexpr auto kTable = std::to_array<ErrorRow>({
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
    // An index is being built, maybe by a command that was given up: its collection cannot be changed
    // meanwhile.
    {12586, "BackgroundOperationInProgressForDatabase", Family::transient},
    {12587, "BackgroundOperationInProgressForNamespace", Family::transient},
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
static_assert(std::ranges::is_sorted(kTable, std::less<>{}, &ErrorRow::code));

}  // namespace

const ErrorRow* find_error_row(int code) {
  const auto* row = std::ranges::lower_bound(kTable, code, std::less<>{}, &ErrorRow::code);
  return row != kTable.end() && row->code == code ? row : nullptr;
}

}  // namespace ddsync
