// The engine alone, in memory: batches of change events in, write batches acknowledged at once. One core.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace ddsync {
namespace {

constexpr uint32_t kDocumentBytes = 900;
constexpr uint32_t kBatches = 32;  // 40 MB of events: far larger than the caches
constexpr uint32_t kEventsPerBatch = 1'000;

// Appends BSON; only what change events need.
class BsonWriter {
 public:
  void open(BsonType type, std::string_view name) {
    element(type, name);
    start();
  }
  void start() {
    starts_.push_back(bytes_.size());
    bytes_.append(sizeof(int32_t), '\0');
  }
  void close() {
    bytes_.push_back('\0');
    const auto length = static_cast<int32_t>(bytes_.size() - starts_.back());
    std::memcpy(bytes_.data() + starts_.back(), &length, sizeof length);
    starts_.pop_back();
  }
  void text(std::string_view name, std::string_view value) {
    element(BsonType::string, name);
    number(static_cast<int32_t>(value.size() + 1));
    bytes_.append(value).push_back('\0');
  }
  void int64(BsonType type, std::string_view name, int64_t value) {
    element(type, name);
    number(value);
  }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  void element(BsonType type, std::string_view name) {
    bytes_.push_back(static_cast<char>(type));
    bytes_.append(name).push_back('\0');
  }
  template <typename T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string bytes_;
  std::vector<size_t> starts_;
};

// As a server sends it: _id, operationType, clusterTime, wallTime, fullDocument, ns, documentKey.
void append_event(BsonWriter& bson, std::string_view index, std::string_view kind, int64_t id,
                  int64_t sequence) {
  constexpr uint32_t bytes_besides_text = 39;
  const std::string text(kDocumentBytes - bytes_besides_text, 'x');
  bson.open(BsonType::document, index);
  bson.open(BsonType::document, "_id");
  bson.text("_data", "8266F3D5A1" + std::to_string(1'000'000'000 + sequence) + std::string(120, '0'));
  bson.close();
  bson.text("operationType", kind);
  bson.int64(BsonType::timestamp, "clusterTime", sequence);
  bson.int64(BsonType::date, "wallTime", 1'780'000'000'000 + sequence);
  bson.open(BsonType::document, "fullDocument");
  bson.int64(BsonType::int64, "_id", id);
  bson.int64(BsonType::int64, "v", sequence);
  bson.text("text", text);
  bson.close();
  bson.open(BsonType::document, "ns");
  bson.text("db", "bench");
  bson.text("coll", "documents");
  bson.close();
  bson.open(BsonType::document, "documentKey");
  bson.int64(BsonType::int64, "_id", id);
  bson.close();
  bson.close();
}

template <typename NextId>
std::vector<std::string> make_batches(std::string_view kind, NextId next_id) {
  std::vector<std::string> batches;
  int64_t sequence = 0;
  for (uint32_t i = 0; i < kBatches; ++i) {
    BsonWriter bson;
    bson.start();
    for (uint32_t index = 0; index < kEventsPerBatch; ++index)
      append_event(bson, std::to_string(index), kind, next_id(), ++sequence);
    bson.close();
    batches.push_back(bson.take());
  }
  return batches;
}

DocumentView view_of(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size())};
}

// The bytes stay with the benchmark: copying them is the driver's work, not the engine's.
class BorrowedStorage final : public BatchStorage {};

EngineOptions options() {
  EngineOptions options;
  const auto pattern = parse_pattern("bench.documents");
  options.filter = NamespaceFilter({*pattern}, {});
  options.streams = {{.level = ScopeLevel::collection, .ns = {"bench", "documents"}}};
  return options;
}

// Answers every output of the engine at once.
class World {
 public:
  explicit World(const std::vector<std::string>& batches) : batches_(batches), engine_(options()) {
    give(input::TargetReady{});
    run_until(0);
  }

  // Until `events` more were read and acknowledged.
  void run_until(uint64_t events) {
    events_left_ = events;
    if (events_left_ > 0 && reading_) read();
    while (!inputs_.empty()) {
      std::vector<Input> inputs = std::exchange(inputs_, {});
      for (Input& one : inputs) step(std::move(one));
    }
  }

  uint64_t waiting() const { return engine_.status().events_waiting; }

 private:
  template <typename T>
  void give(T&& one) {
    inputs_.push_back(std::forward<T>(one));
  }

  void step(Input&& one) {
    outputs_.clear();
    now_.us += 1;
    engine_.step(now_, std::move(one), outputs_);
    for (Output& output : outputs_) std::visit([this](auto& order) { answer(order); }, output);
  }

  void read() {
    reading_ = events_left_ == 0;
    if (reading_) return;
    const std::string& bytes = batches_[next_batch_++ % batches_.size()];
    events_left_ -= kEventsPerBatch;
    RawBatch batch;
    batch.storage = std::make_unique<BorrowedStorage>();
    batch.events = view_of(bytes);
    batch.bytes = static_cast<uint32_t>(bytes.size());
    give(input::StreamBatch{.stream = {}, .batch = std::move(batch)});
  }

  static StreamPosition start() {
    BsonWriter bson;
    bson.start();
    bson.text("_data", "82");
    bson.close();
    return {
        .kind = PositionKind::resume_after, .token = ResumeToken(view_of(bson.take())), .operation_time = 0};
  }

  void answer(const output::OpenStream& order) {
    give(input::StreamOpened{.stream = order.stream, .start = start()});
  }
  void answer(const output::ReadStream&) { read(); }
  void answer(const WriteBatch& order) {
    give(input::WriteFinished{.writer = order.writer, .id = order.id, .outcome = {}});
  }
  void answer(const output::Persist& order) {
    give(input::CheckpointDurable{.generation = order.checkpoint.generation});
  }
  template <typename Other>
  void answer(const Other&) {}

  const std::vector<std::string>& batches_;
  Engine engine_;
  std::vector<Input> inputs_;
  Outputs outputs_;
  Instant now_;
  size_t next_batch_ = 0;
  uint64_t events_left_ = 0;
  bool reading_ = false;  // the engine asked for a batch that it has not got yet
};

void run(benchmark::State& state, const std::vector<std::string>& batches) {
  World world(batches);
  constexpr uint64_t events = uint64_t{kBatches} * kEventsPerBatch;
  for (auto _ : state) {
    world.run_until(events);
    if (world.waiting() != 0) state.SkipWithError("not all events were acknowledged");
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kBatches} * kEventsPerBatch);
}

void inserts(benchmark::State& state) {
  run(state, make_batches("insert", [id = int64_t{0}]() mutable { return id++; }));
}

void updates(benchmark::State& state) {
  std::mt19937_64 random(4);
  run(state, make_batches("replace", [&] { return static_cast<int64_t>(random() % 100'000); }));
}

void hot_keys(benchmark::State& state) {
  std::mt19937_64 random(4);
  run(state, make_batches("replace", [&] { return static_cast<int64_t>(random() % 50); }));
}

BENCHMARK(inserts)->Unit(benchmark::kMillisecond);
BENCHMARK(updates)->Unit(benchmark::kMillisecond);
BENCHMARK(hot_keys)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ddsync

BENCHMARK_MAIN();
