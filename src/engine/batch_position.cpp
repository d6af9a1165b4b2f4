#include "engine/batch_position.h"

#include <algorithm>

#include "engine/event.h"

namespace ddsync {

std::optional<BatchPosition> position_behind(DocumentView list, DocumentView post_batch_token,
                                             const StreamPosition& opened) {
  BatchPosition position;
  ElementCursor events(list);
  Event last;
  while (events.next()) {
    const ValueView& event = events.value();
    if (event.type != BsonType::document || !decode_event(event.as_document(), last)) return std::nullopt;
    position.size.events += 1;
    position.size.largest = std::max<uint64_t>(position.size.largest, event.size);
  }
  if (events.malformed()) return std::nullopt;
  position.size.bytes = list.size;
  position.invalidated = last.kind == EventKind::invalidate;
  if (position.invalidated) {
    position.after = {PositionKind::start_after, ResumeToken(last.token), 0};
  } else if (!post_batch_token.empty()) {
    position.after = {PositionKind::resume_after, ResumeToken(post_batch_token), 0};
    if (position.after.token == opened.token) position.after = opened;
  } else if (!last.token.empty()) {
    position.after = {PositionKind::resume_after, ResumeToken(last.token), 0};
  }
  return position;
}

}  // namespace ddsync
