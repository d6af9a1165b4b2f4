#include "runtime/target_writer.h"

#include <utility>

namespace ddsync::runtime {

void OutageWatch::note(const WriteOutcome& outcome) {
  if (outcome.failed) {
    if (outcome.error.code == kErrorNetwork) {
      out_of_reach_.store(true, std::memory_order_relaxed);
    }
    return;
  }
  if (out_of_reach_.load(std::memory_order_relaxed) && out_of_reach_.exchange(false)) {
    on_recovery_();
  }
}

TargetWriter::TargetWriter(std::unique_ptr<mongo::Writer> target, CopySchema copy_schema,
                           NamespaceFilter filter, Inbox& inbox, OutageWatch& outages)
    : target_(std::move(target)),
      copy_schema_(std::move(copy_schema)),
      filter_(std::move(filter)),
      inbox_(inbox),
      outages_(outages) {}

void TargetWriter::carry_out(const WriteOrder& order) {
  std::visit([this](const auto& one) { carry_out(one); }, order);
}

void TargetWriter::carry_out(const output::Write& batch) {
  WriteOutcome outcome = target_->write(batch);
  outages_.note(outcome);
  inbox_.post(input::WriteFinished{.writer = batch.writer, .id = batch.id, .outcome = std::move(outcome)});
}

void TargetWriter::carry_out(const output::ChangeSchema& change) {
  auto error = change_schema(change);
  inbox_.post(input::SchemaChanged{.writer = change.writer,
                                   .id = change.id,
                                   .error = std::move(error),
                                   .other_uuid = copy_schema_.take_other_uuid()});
}

std::optional<Error> TargetWriter::change_schema(const SchemaChange& change) {
  switch (change.kind) {
    case SchemaChangeKind::prepare_copy:
    case SchemaChangeKind::build_indexes:
    case SchemaChangeKind::build_late_indexes:
    case SchemaChangeKind::create:
    case SchemaChangeKind::modify:
    case SchemaChangeKind::drop_indexes:
      return copy_schema_.carry_out(change, *target_, filter_);
    default:
      return target_->change_schema(change, filter_);
  }
}

}  // namespace ddsync::runtime
