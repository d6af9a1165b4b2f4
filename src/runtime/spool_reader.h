// Carries out the engine's orders for what lies in the spool. Thread-safety: one thread.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/output.h"
#include "runtime/inbox.h"
#include "state/spool.h"

namespace ddsync::runtime {

using SpoolOrder = std::variant<output::ReadSpool, output::TrimSpool>;

class SpoolReader {
 public:
  // `scopes`: names of the streams by StreamId. `spool` and `inbox` must outlive the reader.
  SpoolReader(state::Spool& spool, std::vector<std::string> scopes, Inbox& inbox)
      : spool_(spool), scopes_(std::move(scopes)), inbox_(inbox) {}

  void carry_out(const SpoolOrder& order);

 private:
  void carry_out(const output::ReadSpool& order);
  void carry_out(const output::TrimSpool& order);

  state::Spool& spool_;
  std::vector<std::string> scopes_;
  Inbox& inbox_;
};

}  // namespace ddsync::runtime
