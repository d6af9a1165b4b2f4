#include "sim/disk_link.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "bson/extended_json.h"
#include "engine/event.h"
#include "sim/store.h"
#include "sim/violation.h"

namespace ddsync::sim {

DiskLink::DiskLink(Surroundings& around, std::function<void()> die)
    : around_(around), die_(std::move(die)), disk_(around.random) {}

// False when the process died in it.
template <typename Action>
bool DiskLink::run(Action action) {
  disk_.fail(around_.storm ? around_.profile.disk.fails : 0);
  disk_.full(full_.now(around_));
  try {
    action();
  } catch (const Killed&) {
    die_();
    return false;
  }
  return true;
}

void DiskLink::persist(const output::Persist& order) {
  require(!busy_, "a checkpoint is asked for while another one is being written");
  busy_ = true;
  const Duration wait = {around_.random.between(0, around_.profile.disk.latency_max.us)};
  around_.later(wait, [this, checkpoint = std::make_shared<Checkpoint>(order.checkpoint)] {
    state::Result<void> saved;
    if (!run([&] { saved = store().save(*checkpoint); })) return;
    const uint64_t generation = checkpoint->generation;
    around_.later(around_.random.milliseconds(0, 2), [this, checkpoint, saved, generation] {
      busy_ = false;
      if (!saved) {
        around_.give(input::CheckpointFailed{generation, saved.error()});
        return;
      }
      generation_ = generation;
      for (const StreamCheckpoint& stream : checkpoint->streams) {
        if (stream.position.known()) durable_streams_.insert(stream.scope);
      }
      around_.give(input::CheckpointDurable{generation});
    });
  });
}

void DiskLink::quarantine(const output::Quarantine& order) {
  const Duration wait = {around_.random.between(0, around_.profile.disk.latency_max.us)};
  around_.later(wait, [this, order] {
    state::DeadLetterFile file(disk_, kDeadLetterPath);
    state::Result<void> appended;
    if (!run([&] { appended = file.append(order.records, "2026-01-01T00:00:00Z"); })) return;
    if (appended) {
      around_.answer({}, input::QuarantineDurable{order.id});
    } else {
      around_.answer({}, input::QuarantineFailed{order.id, appended.error()});
    }
  });
}

std::optional<Checkpoint> DiskLink::load_at_start() {
  disk_.fail_reads(around_.storm ? around_.profile.disk.reads_fail : 0);
  const auto loaded = store().load();
  disk_.fail_reads(0);
  // An unreadable disk is not a damaged state: that one would stay so, and is a violation.
  if (!loaded && loaded.error().treatment != Treatment::fatal) return std::nullopt;
  return load();
}

Checkpoint DiskLink::load() {
  busy_ = false;
  disk_.fail(0);
  auto loaded = store().load();
  require(loaded.has_value(), "the state cannot be read after a crash: " +
                                  (loaded.has_value() ? std::string() : loaded.error().message));
  const uint64_t generation = *loaded ? (*loaded)->generation : 0;
  require(generation >= generation_, "a checkpoint that was reported as durable is gone after a crash");
  generation_ = generation;
  if (!*loaded) return {};
  for (const StreamCheckpoint& stream : (*loaded)->streams) {
    if (stream.position.known()) durable_streams_.insert(stream.scope);
  }
  return **loaded;
}

bool DiskLink::all_positions_durable() const {
  return durable_streams_.size() == around_.profile.engine.streams.size();
}

std::set<std::string> DiskLink::quarantined() {
  disk_.fail(0);
  std::set<std::string> identities;
  const auto text = disk_.read(kDeadLetterPath);
  if (!text || !*text) return identities;
  std::istringstream lines(**text);
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line, nullptr, false);
    if (record.is_discarded()) continue;  // torn by a crash
    const auto bytes = from_extended_json(record.at("event").dump());
    Event event;
    require(bytes && decode_event(bytes->view(), event), "a dead letter that holds no event");
    if (!event.id.missing()) identities.insert(identity_of(event.id));
  }
  return identities;
}

}  // namespace ddsync::sim
