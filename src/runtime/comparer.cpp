#include "runtime/comparer.h"

#include <utility>

#include "observe/log.h"

namespace ddsync::runtime {

Comparer::Comparer(std::unique_ptr<mongo::Reader> source_reader, std::unique_ptr<mongo::Reader> target_reader,
                   mongo::Endpoint& target, LimitsAtStart start, config::Fence fence, Inbox& inbox)
    : source_reader_(std::move(source_reader)),
      target_reader_(std::move(target_reader)),
      target_(target),
      limits_(start.limits),
      known_(start.known),
      fence_(fence),
      inbox_(inbox) {}

void Comparer::carry_out(const CompareOrder& order) {
  std::visit([this](const auto& one) { carry_out(one); }, order);
}

void Comparer::carry_out(const output::Compare& order) {
  input::Compared answer{.id = order.id, .keys = {}, .error = {}, .bytes = 0};
  if (auto compared = compare(order, answer); !compared) {
    answer.error = std::move(compared).error();
  }
  inbox_.post(std::move(answer));
}

mongo::Result<void> Comparer::compare(const output::Compare& order, input::Compared& answer) {
  auto source = source_reader_->find_by_ids(order.ns, order.ids);
  if (!source) {
    return tl::unexpected(std::move(source).error());
  }
  auto target = target_reader_->find_by_ids(order.ns, order.ids);
  if (!target) {
    return tl::unexpected(std::move(target).error());
  }
  answer.keys.resize(order.ids.size());
  for (size_t i = 0; i < order.ids.size(); ++i) {
    answer.bytes += source->at(i).view().size + target->at(i).view().size;
    input::ComparedKey& key = answer.keys[i];
    key.equal = source->at(i) == target->at(i);
    if (!key.equal) {
      key.source_document = std::move(source->at(i));
    }
  }
  return {};
}

void Comparer::carry_out(const DescribeTarget&) {
  const auto info = target_.describe();
  if (!info) {
    return;  // out of reach again: the next recovery asks again
  }
  const bool is_new = !std::exchange(known_, true);
  if (is_new) {
    observe::log_info("target: " + info->description);
  }
  const TargetLimits limits = limits_after_outage(limits_, effective_limits(info->limits, fence_));
  if (limits == limits_) {
    return;
  }
  limits_ = limits;
  if (!is_new) {
    observe::log_warning("the target has other limits after the outage: " + info->description);
  }
  inbox_.post(input::TargetReady{.limits = limits});
}

TargetLimits effective_limits(TargetLimits probed, config::Fence fence) {
  if (fence != config::Fence::automatic) {
    probed.refuses_late_writes = fence == config::Fence::transaction_number;
  }
  return probed;
}

TargetLimits limits_after_outage(const TargetLimits& known, TargetLimits probed) {
  probed.refuses_late_writes = known.refuses_late_writes && probed.refuses_late_writes;
  return probed;
}

}  // namespace ddsync::runtime
