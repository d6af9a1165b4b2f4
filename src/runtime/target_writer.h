// Carries out the engine's writes and schema changes with one connection to the target.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <variant>

#include "engine/output.h"
#include "mongo/writer.h"
#include "runtime/copy_schema.h"
#include "runtime/inbox.h"

namespace ddsync::runtime {

using WriteOrder = std::variant<output::Write, output::ChangeSchema>;

// Shared by all writers: tells once when the target answers again after it was out of reach, because the
// server that answers then may be another one with other limits.
class OutageWatch {
 public:
  // `out_of_reach`: so it is at the start.
  OutageWatch(bool out_of_reach, std::function<void()> on_recovery)
      : on_recovery_(std::move(on_recovery)), out_of_reach_(out_of_reach) {}

  void note(const WriteOutcome& outcome);

 private:
  std::function<void()> on_recovery_;
  std::atomic<bool> out_of_reach_;
};

class TargetWriter {
 public:
  // `inbox` and `outages` must outlive the writer.
  TargetWriter(std::unique_ptr<mongo::Writer> target, CopySchema copy_schema, NamespaceFilter filter,
               Inbox& inbox, OutageWatch& outages);

  void carry_out(const WriteOrder& order);

 private:
  void carry_out(const output::Write& batch);
  void carry_out(const output::ChangeSchema& change);

  std::optional<Error> change_schema(const SchemaChange& change);

  std::unique_ptr<mongo::Writer> target_;
  CopySchema copy_schema_;
  NamespaceFilter filter_;
  Inbox& inbox_;
  OutageWatch& outages_;
};

}  // namespace ddsync::runtime
