// Carries out everything that must be on disk: checkpoints and dead letters, one after the other.
#pragma once

#include <string>
#include <variant>

#include "engine/output.h"
#include "runtime/inbox.h"
#include "state/checkpoint_store.h"
#include "state/dead_letter.h"

namespace ddsync::runtime {

using DurableOrder = std::variant<output::Persist, output::Quarantine>;

class DurableWriter {
 public:
  // All must outlive the writer.
  DurableWriter(state::CheckpointStore& checkpoints, state::DeadLetterFile& dead_letters, Inbox& inbox)
      : checkpoints_(checkpoints), dead_letters_(dead_letters), inbox_(inbox) {}

  void carry_out(const DurableOrder& order);

 private:
  void carry_out(const output::Persist& order);
  void carry_out(const output::Quarantine& order);

  state::CheckpointStore& checkpoints_;
  state::DeadLetterFile& dead_letters_;
  Inbox& inbox_;
};

// "2026-11-24T16:45:00.123Z"
std::string iso8601_now();

}  // namespace ddsync::runtime
