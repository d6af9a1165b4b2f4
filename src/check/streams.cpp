#include "check/streams.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/wording.h"
#include "mongo/change_stream.h"
#include "runtime/servers.h"

namespace ddsync::check {
namespace {

constexpr const char* kStreams = "change streams";
constexpr size_t kOpenedMax = 20;

struct Failure {
  std::string scope;
  Error error;
};

// Where a run would open it; none = from now. What the spool holds is not asked of the source again.
StreamPosition saved_position(const std::optional<Checkpoint>& checkpoint, const std::string& scope) {
  const StreamCheckpoint stream = checkpoint.value_or(Checkpoint()).stream(scope);
  const bool asked = stream.gap_reason.empty() && !stream.spooled();
  return asked ? stream.position : StreamPosition{};
}

// An outage ends the trying: each further stream would wait as long.
std::vector<Failure> open_each(Context& context, const std::vector<WatchScope>& scopes) {
  std::vector<Failure> failures;
  for (const WatchScope& scope : scopes) {
    const auto stream = context.source.endpoint->change_stream(scope);
    const auto opened = stream->open(saved_position(context.checkpoint, scope.name()));
    stream->close();
    if (opened) continue;
    failures.push_back({.scope = scope.name(), .error = opened.error()});
    if (opened.error().code == kErrorNetwork) break;
  }
  return failures;
}

std::string told(const std::vector<Failure>& failures) {
  std::vector<std::string> lines;
  lines.reserve(failures.size());
  for (const Failure& failure : failures)
    lines.push_back(fmt::format("{}: {}", failure.scope, describe(failure.error)));
  return some_of(lines, "; ");
}

Finding judge(const std::vector<Failure>& failures) {
  const auto all = [&](Treatment treatment) {
    return std::all_of(failures.begin(), failures.end(),
                       [&](const Failure& failure) { return failure.error.treatment == treatment; });
  };
  if (all(Treatment::missing)) {
    return warning(kStreams, told(failures),
                   "these collections are not there yet: the service waits for them");
  }
  if (all(Treatment::history_lost)) {
    return problem(kStreams, fmt::format("cannot go on from the saved position: {}", told(failures)),
                   "a run would end with exit code 3: copy the data anew, or accept the gap (--accept-gap)");
  }
  const bool denied = std::any_of(failures.begin(), failures.end(), [](const Failure& failure) {
    return failure.error.treatment == Treatment::fatal;
  });
  return problem(kStreams, fmt::format("cannot be opened: {}", told(failures)),
                 denied ? "grant find and changeStream (the role read) to the source's user"
                        : "the source must offer change streams on these (on Kubernetes: the feature gate "
                          "ChangeStreams); another watch.scope may work");
}

}  // namespace

Findings check_streams(Context& context) {
  const auto planned =
      config::plan_streams(context.config, context.checkpoint.value_or(Checkpoint()).scopes());
  if (!planned) return {problem(kStreams, planned.error(), "correct the watch list or watch.scope")};
  const auto unfit = runtime::unfit_streams(*context.source.info, context.config.scope, *planned);
  if (unfit) return {problem(kStreams, *unfit, "correct the watch list or watch.scope")};
  std::vector<WatchScope> tried = *planned;
  tried.resize(std::min(tried.size(), kOpenedMax));
  const std::vector<Failure> failures = open_each(context, tried);
  if (!failures.empty()) return {judge(failures)};
  if (tried.size() < planned->size())
    return {ok(kStreams, fmt::format("{} opened of {} that a run opens", tried.size(), planned->size()))};
  return {ok(kStreams, fmt::format("{} opened, as many as a run opens", tried.size()))};
}

}  // namespace ddsync::check
