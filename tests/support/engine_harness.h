// Drives an engine by hand: events in as JSON, outputs out, answers given by the test.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bson/extended_json.h"
#include "engine/engine.h"

namespace ddsync::test {

// A batch of events that owns its bytes.
class JsonBatch : public BatchStorage {
 public:
  JsonBatch(const std::string& events, const std::string& token)
      : document_(*from_extended_json("{\"events\":[" + events + "],\"token\":" + token + "}")) {}

  DocumentView events() const { return find_value(document_.view(), "events").as_document(); }
  DocumentView token() const { return find_value(document_.view(), "token").as_document(); }
  uint32_t bytes() const { return document_.view().size; }

 private:
  OwnedDocument document_;
};

inline RawBatch raw_batch(const std::string& list, const std::string& token) {
  auto storage = std::make_unique<JsonBatch>(list, token);
  RawBatch raw;
  raw.events = storage->events();
  raw.post_batch_token = storage->token();
  raw.bytes = storage->bytes();
  raw.storage = std::move(storage);
  return raw;
}

inline std::string token(const std::string& name) { return R"({"_data":")" + name + R"("})"; }

// A change event of db.coll; `id` and `document` are JSON.
inline std::string event(const std::string& name, const std::string& kind, const std::string& id,
                         const std::string& document = "", const std::string& coll = "coll") {
  std::string text = R"({"_id":)" + token(name) + R"(,"operationType":")" + kind +
                     R"(","ns":{"db":"db","coll":")" + coll + R"("})";
  if (!id.empty()) text += R"(,"documentKey":{"_id":)" + id + "}";
  if (!document.empty()) text += R"(,"fullDocument":)" + document;
  return text + "}";
}
inline std::string insert(const std::string& name, const std::string& id, const std::string& rest = "") {
  return event(name, "insert", id, R"({"_id":)" + id + rest + "}");
}
inline std::string replace(const std::string& name, const std::string& id, const std::string& rest) {
  return event(name, "replace", id, R"({"_id":)" + id + rest + "}");
}
// Of the _ids first..last.
inline std::string inserts(int first, int last) {
  std::string events;
  for (int i = first; i <= last; ++i)
    events += (i == first ? "" : ",") + insert("n" + std::to_string(i), std::to_string(i));
  return events;
}
inline std::string remove(const std::string& name, const std::string& id) {
  return event(name, "delete", id);
}

// A rename of db.`from` to db.`to`.
inline std::string renamed(const std::string& name, const std::string& from, const std::string& to) {
  return event(name, "rename", "", "", from).insert(1, R"("to":{"db":"db","coll":")" + to + R"("},)");
}
inline std::string rename_to_other() { return renamed("r", "coll", "other"); }

class Harness {
 public:
  explicit Harness(EngineOptions options) : engine_(std::move(options)) {}

  static EngineOptions options(uint32_t writers = 2) {
    EngineOptions options;
    options.streams = {{ScopeLevel::collection, {"db", "coll"}}};
    options.filter = NamespaceFilter({{"db", "coll"}, {"db", "other"}}, {});
    options.writers = writers;
    return options;
  }

  void give(Input input) { engine_.step({now_us_}, std::move(input), outputs_); }
  void pass_ms(int64_t ms) {
    now_us_ += ms * 1000;
    give(input::Tick{});
  }

  // Ready, open, start position durable, reading.
  void start(const std::string& position = "start") {
    give(input::TargetReady{});
    take<output::OpenStream>();
    give(input::StreamOpened{{0}, {PositionKind::resume_after, token_of(position), 0}});
    make_durable();
    take<output::Watching>();
    take<output::ReadStream>();
  }

  void batch(const std::string& events, const std::string& post_token, uint32_t stream = 0) {
    give(input::StreamBatch{{stream}, raw_batch(events, token(post_token))});
  }

  template <typename T>
  bool has() const {
    for (const Output& output : outputs_) {
      if (std::holds_alternative<T>(output)) return true;
    }
    return false;
  }
  // The first output of this type; fails the test when there is none.
  template <typename T>
  T take() {
    for (auto at = outputs_.begin(); at != outputs_.end(); ++at) {
      if (!std::holds_alternative<T>(*at)) continue;
      T found = std::get<T>(std::move(*at));
      outputs_.erase(at);
      return found;
    }
    ADD_FAILURE() << "the engine did not ask for what the test expects";
    return T{};
  }
  template <typename T>
  std::vector<T> take_all() {
    std::vector<T> found;
    while (has<T>()) found.push_back(take<T>());
    return found;
  }

  Checkpoint make_durable() {
    Checkpoint checkpoint = take<output::Persist>().checkpoint;
    give(input::CheckpointDurable{checkpoint.generation});
    return checkpoint;
  }
  // Everything that there is to be made durable, and what follows from it.
  void make_all_durable() {
    while (has<output::Persist>()) make_durable();
  }
  void acknowledge(const WriteBatch& write) { give(input::WriteFinished{write.writer, write.id, {}}); }
  void refuse(const WriteBatch& write, uint32_t index, Treatment treatment) {
    WriteOutcome outcome;
    Error error;
    error.code = 11000;
    error.message = "refused by the test";
    error.treatment = treatment;
    outcome.operation_errors.push_back({index, error});
    give(input::WriteFinished{write.writer, write.id, std::move(outcome)});
  }
  void fail(const WriteBatch& write, Treatment treatment, bool outcome_unknown) {
    WriteOutcome outcome;
    outcome.failed = true;
    outcome.error.code = 6;
    outcome.error.message = "failed by the test";
    outcome.error.treatment = treatment;
    outcome.error.outcome_unknown = outcome_unknown;
    give(input::WriteFinished{write.writer, write.id, std::move(outcome)});
  }

  static ResumeToken token_of(const std::string& name) {
    return ResumeToken(from_extended_json(token(name))->view());
  }
  static std::string json(DocumentView document) { return to_extended_json(document); }

  Engine& engine() { return engine_; }
  int64_t now_us_ = 1'000'000;

 private:
  Engine engine_;
  Outputs outputs_;
};

}  // namespace ddsync::test
