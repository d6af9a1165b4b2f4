#include "runtime/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ddsync::runtime {
namespace {

CopyRules copy_rules(const config::Config& config) {
  return {.target_not_empty = config.initial_sync.target_not_empty,
          .unsupported = config.schema_unsupported,
          .indexes = config.indexes};
}

// Of a target that is still out of reach nothing is known; after its first answer it is asked.
TargetLimits limits_at_start(const Servers& servers, config::Fence fence) {
  return effective_limits(servers.target_info ? servers.target_info->limits : TargetLimits{}, fence);
}

// A worker around a handler that only it uses.
template <typename Order, typename Handler>
std::unique_ptr<Worker<Order>> make_worker(const std::string& name, std::shared_ptr<Handler> handler) {
  return std::make_unique<Worker<Order>>(
      name, [handler = std::move(handler)](Order&& order) { handler->carry_out(order); });
}

}  // namespace

Session::Session(const ServiceOptions& service, const EngineOptions& options, Servers& servers,
                 DurableState& state, Signals& signals)
    : signals_(signals),
      limits_(limits_at_start(servers, service.config.fence)),
      writer_count_(options.writers),
      reporter_(service.config.status_interval_s, service.progress_on_terminal),
      engine_(options),
      outages_(!servers.target_info, [this] { comparer_->post(DescribeTarget{}); }) {
  start_workers(service.config, options, servers, state);
}

void Session::start_workers(const config::Config& config, const EngineOptions& options, Servers& servers,
                            DurableState& state) {
  comparer_ = make_worker<CompareOrder>(
      "compare",
      std::make_shared<Comparer>(servers.source->reader(), servers.target->reader(), *servers.target,
                                 LimitsAtStart{.limits = limits_, .known = servers.target_info.has_value()},
                                 config.fence, inbox_));
  durable_ = make_worker<DurableOrder>(
      "durable", std::make_shared<DurableWriter>(*state.checkpoints, *state.dead_letters, inbox_));
  for (uint32_t i = 0; i < options.writers; ++i) {
    writers_.push_back(make_worker<WriteOrder>(
        fmt::format("writer-{}", i), std::make_shared<TargetWriter>(servers.target->writer(limits_),
                                                                    CopySchema(servers, copy_rules(config)),
                                                                    options.filter, inbox_, outages_)));
  }
  start_streams(options, servers, state);
  start_copy(config, options, servers);
}

void Session::start_streams(const EngineOptions& options, Servers& servers, DurableState& state) {
  std::vector<std::string> scopes;
  for (uint32_t i = 0; i < options.streams.size(); ++i) {
    const WatchScope& scope = options.streams[i];
    scopes.push_back(scope.name());
    streams_.push_back(make_worker<StreamOrder>(
        fmt::format("stream-{}", i),
        std::make_shared<StreamReader>(StreamId{i}, servers.source->change_stream(scope), scope.name(),
                                       state.spool.get(), inbox_)));
  }
  if (state.spool) {
    spool_ = make_worker<SpoolOrder>("spool",
                                     std::make_shared<SpoolReader>(*state.spool, std::move(scopes), inbox_));
  }
}

// Its threads wait at no cost when there is nothing to copy; a collection that is renamed into scope may come
// at any time.
void Session::start_copy(const config::Config& config, const EngineOptions& options, Servers& servers) {
  planner_ = make_worker<output::PlanCopy>(
      "copy-plan",
      std::make_shared<CopyPlanning>(servers, copy_rules(config), options.streams, options.filter, inbox_));
  for (uint32_t i = 0; i < options.copy.readers; ++i) {
    readers_.push_back(make_worker<output::ReadRange>(
        fmt::format("copy-{}", i), std::make_shared<RangeCopier>(servers.source->range_reader(), inbox_)));
  }
}

Session::~Session() {
  signals_.end_delivery();
  for (const auto& stream : streams_) {
    stream->close();
  }
  for (const auto& writer : writers_) {
    writer->close();
  }
  for (const auto& reader : readers_) {
    reader->close();
  }
}

ExitCode Session::run() {
  signals_.deliver_to(inbox_);
  step(SteadyClock::now(), input::TargetReady{.limits = limits_});
  std::vector<Input> inputs;
  while (!engine_.finished()) {
    inbox_.take(inputs, next_wake());
    const TimePoint now = SteadyClock::now();
    for (Input& input : inputs) {
      step(now, std::move(input));
    }
    tick_if_due(now);
    reporter_.report_if_due(now, engine_);
    if (signals_.take_status_request()) {
      reporter_.report(now, engine_);
    }
  }
  reporter_.report(SteadyClock::now(), engine_);
  return exit_code_;
}

std::optional<TimePoint> Session::next_wake() const {
  const std::optional<TimePoint> report_due = reporter_.due();
  if (wake_at_ && report_due) {
    return std::min(*wake_at_, *report_due);
  }
  return wake_at_ ? wake_at_ : report_due;
}

void Session::tick_if_due(TimePoint now) {
  if (wake_at_ && now >= *wake_at_) {
    wake_at_.reset();
    step(now, input::Tick{});
  }
}

void Session::step(TimePoint now, Input&& input) {
  if (engine_.finished()) {
    return;
  }
  outputs_.clear();
  engine_.step(to_instant(now), std::move(input), outputs_);
  for (Output& output : outputs_) {
    std::visit([this](auto&& one) { carry_out(std::forward<decltype(one)>(one)); }, std::move(output));
  }
}

void Session::carry_out(output::OpenStream&& order) {
  streams_.at(order.stream.value)->post(std::move(order));
}

void Session::carry_out(output::ReadStream&& order) { streams_.at(order.stream.value)->post(order); }

void Session::carry_out(output::CloseStream&& order) { streams_.at(order.stream.value)->post(order); }

void Session::carry_out(output::ReadSpool&& order) { spool_->post(order); }

void Session::carry_out(output::TrimSpool&& order) {
  if (spool_) {
    spool_->post(order);
  }
}

void Session::carry_out(output::PlanCopy&& order) { planner_->post(std::move(order)); }

void Session::carry_out(output::ReadRange&& order) {
  readers_.at(order.reader.value)->post(std::move(order));
}

void Session::carry_out(output::Write&& order) { writers_.at(order.writer.value)->post(std::move(order)); }

void Session::carry_out(output::ChangeSchema&& order) {
  writers_.at(order.writer.value)->post(std::move(order));
}

void Session::carry_out(output::Persist&& order) { durable_->post(std::move(order)); }

void Session::carry_out(output::Quarantine&& order) { durable_->post(std::move(order)); }

void Session::carry_out(output::Compare&& order) { comparer_->post(std::move(order)); }

void Session::carry_out(output::WakeAt&& order) { wake_at_ = to_time_point(order.at); }

void Session::carry_out(output::Notice&& notice) { reporter_.log(notice.level, notice.text); }

void Session::carry_out(output::Watching&& watching) {
  reporter_.log(output::Level::info, "Watching for changes...");
  reporter_.log(output::Level::info,
                fmt::format("ready: streams={} writers={}", watching.streams, writer_count_));
}

void Session::carry_out(output::Finished&& finished) {
  exit_code_ = exit_code(finished.reason);
  const bool asked_for = finished.reason == output::StopReason::requested;
  copied_all_ = asked_for && !finished.text.empty();
  if (!finished.text.empty()) {
    reporter_.log(asked_for ? output::Level::info : output::Level::error, finished.text);
  }
}

}  // namespace ddsync::runtime
