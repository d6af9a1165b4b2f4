#include "check/identity.h"

#include "runtime/source_identity.h"

namespace ddsync::check {
namespace {

constexpr const char* kIdentity = "source identity";

}  // namespace

Findings check_identity(Context& context) {
  if (!context.checkpoint || !context.checkpoint->source) return {};
  const SourceIdentity& known = *context.checkpoint->source;
  const runtime::Likeness likeness = runtime::compare(
      known, runtime::ask_source(*context.source.endpoint, *context.source.info, context.config, known));
  if (likeness.sameness == runtime::Sameness::same)
    return {ok(kIdentity, "nothing speaks against it: the source is the one of the saved positions")};
  if (!runtime::is_refused(likeness, *context.checkpoint)) {
    return {warning(
        kIdentity, likeness.reason,
        "is it the source of the saved positions? Its collections may have been dropped and made anew")};
  }
  return {
      problem(kIdentity, likeness.reason,
              "correct source.uri or state.directory; if it is the same source after all, start once with "
              "--same-source")};
}

}  // namespace ddsync::check
