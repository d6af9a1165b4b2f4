// The plain loop that a copy's reading cannot be faster than: `find` over a collection with _ids 0..n-1, in
// as many ranges as connections, in the order of _id as whoever wants to continue a range has to read, every
// document discarded.
#include "common/command_line.h"
#include "common/driver.h"
#include "common/parallel.h"
#include "common/range.h"

namespace {

using namespace ddsync::bench;

struct Options : Place {
  int64_t documents = 0;
  int64_t connections = 4;
  int32_t batch = 2'000;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("Reads a collection and discards it");
  add_place(app, options);
  app.add_option("--documents", options.documents, "_ids are 0 up to this")->required();
  app.add_option("--connections", options.connections);
  app.add_option("--batch", options.batch, "Documents of one reply");
  parse_or_exit(app, argc, argv);
  return options;
}

void read_share(mongoc_client_t* client, Share share, const Options& options) {
  const CollectionHandle collection(
      mongoc_client_get_collection(client, options.database.c_str(), options.collection.c_str()));
  const CursorHandle cursor = find_range(collection.get(), share, options.batch);
  const bson_t* document = nullptr;
  int64_t read = 0;
  while (mongoc_cursor_next(cursor.get(), &document)) ++read;
  check_read(cursor.get());
  if (read != share.end - share.first) fail("documents are missing");
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Driver driver;
  run_in_parallel(options.uri, options.connections, options.documents,
                  [&](mongoc_client_t* client, Share share) { read_share(client, share, options); });
}
