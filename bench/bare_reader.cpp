// Benchmark (a): the plain loop that a change stream reader cannot be faster than: mongoc_change_stream with
// updateLookup, every event discarded. With --delays it keeps per event when it was sent and when it arrived.
#include <fmt/format.h>

#include <vector>

#include "common/command_line.h"
#include "common/driver.h"
#include "common/measure.h"

namespace {

using namespace ddsync::bench;

struct Options : Place {
  Options() { collection.clear(); }  // the whole database
  std::string resume_after;
  std::string delays_path;
  int64_t events = 0;
  int32_t batch_size = 2'000;
  bool position = false;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("Reads a change stream and discards it");
  add_place(app, options);
  app.add_option("--resume-after", options.resume_after, "Resume token as JSON");
  app.add_option("--delays", options.delays_path, "Write id,sent_us,received_us of each event to this file");
  app.add_option("--events", options.events, "End after so many");
  app.add_option("--batch-size", options.batch_size);
  app.add_flag("--position", options.position, "Only print the present resume token");
  parse_or_exit(app, argc, argv);
  return options;
}

BsonHandle stream_options(const Options& options) {
  bson_t* result = BCON_NEW("fullDocument", BCON_UTF8("updateLookup"), "batchSize",
                            BCON_INT32(options.batch_size), "maxAwaitTimeMS", BCON_INT32(1000));
  if (!options.resume_after.empty()) {
    const BsonHandle token = from_json(options.resume_after);
    bson_append_document(result, "resumeAfter", -1, token.get());
  }
  return BsonHandle(result);
}

StreamHandle watch(mongoc_client_t* client, const Options& options) {
  const BsonHandle pipeline(bson_new());
  const BsonHandle settings = stream_options(options);
  if (options.collection.empty()) {
    const DatabaseHandle database(mongoc_client_get_database(client, options.database.c_str()));
    return StreamHandle(mongoc_database_watch(database.get(), pipeline.get(), settings.get()));
  }
  const CollectionHandle collection(
      mongoc_client_get_collection(client, options.database.c_str(), options.collection.c_str()));
  return StreamHandle(mongoc_collection_watch(collection.get(), pipeline.get(), settings.get()));
}

struct Delay {
  int64_t id = 0;
  int64_t sent_us = 0;
  int64_t received_us = 0;
};

Delay delay_of(const bson_t* event) {
  Delay delay{.id = 0, .sent_us = 0, .received_us = wall_clock_us()};
  bson_iter_t iter;
  bson_iter_t found;
  if (bson_iter_init(&iter, event) && bson_iter_find_descendant(&iter, "fullDocument._id", &found))
    delay.id = bson_iter_as_int64(&found);
  if (bson_iter_init(&iter, event) && bson_iter_find_descendant(&iter, "fullDocument.sent_us", &found))
    delay.sent_us = bson_iter_as_int64(&found);
  return delay;
}

void save(const std::string& path, const std::vector<Delay>& delays) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) fail("cannot write " + path);
  for (const Delay& delay : delays)
    fmt::print(file, "{},{},{}\n", delay.id, delay.sent_us, delay.received_us);
  std::fclose(file);
}

void read_all(mongoc_change_stream_t* stream, const Options& options, std::vector<Delay>& delays) {
  const bool measure_delays = !options.delays_path.empty();
  const bson_t* event = nullptr;
  for (int64_t read = 0; read < options.events;) {
    if (mongoc_change_stream_next(stream, &event)) {
      ++read;
      if (measure_delays) delays.push_back(delay_of(event));
      continue;
    }
    bson_error_t error;
    if (mongoc_change_stream_error_document(stream, &error, nullptr)) fail("the change stream failed", error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Driver driver;
  const ClientHandle client = connect(options.uri);
  const StreamHandle stream = watch(client.get(), options);
  bson_error_t error;
  if (mongoc_change_stream_error_document(stream.get(), &error, nullptr))
    fail("cannot open the stream", error);
  if (options.position) {
    char* token =
        bson_as_canonical_extended_json(mongoc_change_stream_get_resume_token(stream.get()), nullptr);
    fmt::print("{}\n", token);
    bson_free(token);
    return 0;
  }
  std::vector<Delay> delays;
  delays.reserve(static_cast<size_t>(options.delays_path.empty() ? 0 : options.events));
  wait_for_go();
  const Measurement measurement;
  read_all(stream.get(), options, delays);
  measurement.print(options.events);
  if (!options.delays_path.empty()) save(options.delays_path, delays);
}
