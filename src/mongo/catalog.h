// Commands on databases and collections. Internal to mongo/.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mongo/connection.h"

namespace ddsync::mongo {

// A thing that is not there (any more) is dropped already.
std::optional<Error> drop_collection(Connection& connection, const Namespace& ns);
std::optional<Error> drop_database(Connection& connection, const std::string& database);
// An existing target collection is replaced. A missing `from` is an error (26, Treatment::missing).
std::optional<Error> rename_collection(Connection& connection, const Namespace& from, const Namespace& to);

// Names without views and system.*; empty when the database is not there.
Result<std::vector<std::string>> list_collections(Connection& connection, ErrorContext context,
                                                  const std::string& database);
// Without admin, local and config.
Result<std::vector<std::string>> list_databases(Connection& connection);

// Runs a command that answers with a cursor and hands every document of it to `take`.
Result<void> for_each_document(Connection& connection, ErrorContext context, const std::string& database,
                               const bson_t& command, const std::function<void(DocumentView)>& take);

}  // namespace ddsync::mongo
