// Commands on databases and collections. A reply that is damaged is an error (kErrorProtocol), not an empty
// list. Internal to mongo/.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mongo/connection.h"

namespace ddsync::mongo {

// Runs a command that changes a schema. A write concern error is an error: done, but not proven.
std::optional<Error> run_schema_command(Connection& connection, const std::string& database,
                                        const bson_t& command);

// A thing that is not there (any more) is dropped already.
std::optional<Error> drop_collection(Connection& connection, const Namespace& ns);
std::optional<Error> drop_database(Connection& connection, const std::string& database);
// An existing target collection is replaced. A missing `from` is an error (26, Treatment::missing).
std::optional<Error> rename_collection(Connection& connection, const Namespace& from, const Namespace& to);

// Names without views and system.*; empty when the database is not there.
Result<std::vector<std::string>> list_collections(Connection& connection, ErrorContext context,
                                                  const std::string& database);
// The entries of listCollections, whole; `name` empty = all of the database.
Result<std::vector<OwnedDocument>> list_collection_entries(Connection& connection,
                                                           const std::string& database,
                                                           const std::string& name);
// Of such an entry, in hex; "" when it has none.
std::string uuid_of(DocumentView entry);
// `count` without a query; 0 for a missing collection.
Result<uint64_t> estimated_count(Connection& connection, const Namespace& ns);
// Its files at the server, without those of indexes.
Result<uint64_t> storage_bytes(Connection& connection, const Namespace& ns);
// Raw specifications without the one of _id; none for a missing collection.
Result<std::vector<OwnedDocument>> list_indexes(Connection& connection, ErrorContext context,
                                                const Namespace& ns);
// Without admin, local and config.
Result<std::vector<std::string>> list_databases(Connection& connection);

// Runs a command that answers with a cursor and hands every document of it to `take`. After an error what was
// taken is not all.
Result<void> for_each_document(Connection& connection, ErrorContext context, const std::string& database,
                               const bson_t& command, const std::function<void(DocumentView)>& take);

}  // namespace ddsync::mongo
