// Events of schema changes, and what a test answers to what becomes of them.
#pragma once

#include <string>

#include "support/engine_harness.h"

namespace ddsync::test {

inline EngineOptions whole_database() {
  EngineOptions options = Harness::options(4);
  options.streams = {{ScopeLevel::database, {"db", ""}}};
  options.filter = NamespaceFilter({{"db", ""}}, {});
  return options;
}

inline std::string told(const std::string& name, const std::string& kind, const std::string& description,
                        const std::string& coll = "coll") {
  std::string text = event(name, kind, "", "", coll);
  text.pop_back();
  return text + R"(,"operationDescription":)" + description + "}";
}
inline std::string created(const std::string& name, const std::string& coll = "coll") {
  return told(name, "create", R"({"idIndex":{"v":2,"key":{"_id":1},"name":"_id_"}})", coll);
}
inline std::string new_index(const std::string& name, const std::string& coll = "coll") {
  return told(name, "createIndexes", R"({"indexes":[{"v":2,"key":{"a":1},"name":"a_1"}]})", coll);
}
inline std::string dropped_index(const std::string& name) {
  return told(name, "dropIndexes", R"({"indexes":[{"v":2,"key":{"a":1},"name":"a_1"}]})");
}
inline std::string modified(const std::string& name) {
  return told(name, "modify", R"({"validator":{"a":{"$gt":0}}})");
}

inline std::string with_uuid(std::string event, const std::string& uuid) {
  event.pop_back();
  return event + R"(,"collectionUUID":{"$uuid":")" + uuid + R"("}})";
}
// As an event has it and as the service names it.
inline constexpr const char* kUuid = "00112233-4455-6677-8899-aabbccddeeff";
inline constexpr const char* kUuidText = "00112233445566778899aabbccddeeff";
inline constexpr const char* kOtherUuid = "ffffffff-4455-6677-8899-aabbccddeeff";
inline constexpr const char* kOtherUuidText = "ffffffff445566778899aabbccddeeff";

// The source has another collection under the name.
inline void answer_elsewhere(Harness& given, const SchemaChange& change) {
  given.give(input::SchemaChanged{change.writer, change.id, {}, kOtherUuidText});
}

inline void succeed(Harness& given, const SchemaChange& change) {
  given.give(input::SchemaChanged{change.writer, change.id, {}});
}

inline void refuse(Harness& given, const SchemaChange& change, Treatment treatment, bool unknown = false) {
  Error error;
  error.code = 20;
  error.message = "refused by the test";
  error.treatment = treatment;
  error.outcome_unknown = unknown;
  given.give(input::SchemaChanged{change.writer, change.id, error});
}

// All that is to be durable; the last of it.
inline Checkpoint settle_disk(Harness& given) {
  Checkpoint last;
  while (given.has<output::Persist>()) last = given.make_durable();
  return last;
}

// Of a process whose state knows the position of its one stream.
inline void resume(Harness& given) {
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  settle_disk(given);
}

// The source has nothing more than it gave.
inline void catch_up(Harness& given, const std::string& position) {
  given.pass_ms(10);
  given.batch("", position);
}

}  // namespace ddsync::test
