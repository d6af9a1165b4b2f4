#include "sim/copy_link.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bson/writer.h"
#include "sim/batch.h"
#include "sim/violation.h"

namespace ddsync::sim {
namespace {

Error find_error(int code) { return make_error(ErrorContext::find, code, "", "simulated"); }

OwnedValue id_of(const std::string& document) { return OwnedValue(find_value(view_of(document), "_id")); }

}  // namespace

void CopyLink::plan(const output::PlanCopy& order) {
  around_.later(around_.random.milliseconds(0, 30), [this, order] {
    input::CopyPlanned answer;
    answer.id = order.id;
    if (outages_.now(around_) || around_.happens(around_.profile.source.read_fails)) {
      answer.error = find_error(kErrorNetwork);
    } else {
      answer.collections = collections(order);
    }
    around_.answer(around_.random.milliseconds(0, 30), std::move(answer));
  });
}

std::vector<PlannedCollection> CopyLink::collections(const output::PlanCopy& order) {
  const WatchScope& scope = around_.profile.engine.streams[order.stream.value];
  const NamespaceFilter wanted = around_.filter().without(order.covered);
  std::vector<PlannedCollection> planned;
  for (const auto& [ns, collection] : source_.store().collections()) {
    if (!scope.contains(ns.database, ns.collection) || !wanted.contains(ns.database, ns.collection)) continue;
    if (!order.only.database.empty() && ns != order.only) continue;
    PlannedCollection& one = planned.emplace_back();
    one.ns = ns;
    one.documents = collection.documents().size();
    one.ranges = split(ns, collection);
  }
  return planned;
}

std::vector<CopyRange> CopyLink::split(const Namespace& ns, const Collection& collection) {
  std::vector<CopyRange> ranges(1);
  ranges.back().ns = ns;
  for (const auto& [identity, document] : collection.documents()) {
    if (!around_.random.percent(25)) continue;
    ranges.back().to = id_of(document);
    CopyRange next;
    next.ns = ns;
    next.from = id_of(document);
    ranges.push_back(std::move(next));
  }
  return ranges;
}

void CopyLink::read(const output::ReadRange& order) {
  Cursor& cursor = cursors_.at(order.reader.value);
  require(!cursor.asked, "a reader is asked twice without an answer in between");
  require(order.documents_max > 0, "a read of no documents");
  cursor.asked = true;
  around_.later(around_.random.milliseconds(0, 10), [this, order] { answer(order); });
}

void CopyLink::answer(const output::ReadRange& order) {
  Cursor& cursor = cursors_[order.reader.value];
  if (outages_.now(around_) || around_.happens(around_.profile.source.read_fails)) {
    fail(order, find_error(kErrorNetwork));
    return;
  }
  if (!order.is_open) {
    cursor.bounds = order.bounds;
    const OwnedValue& behind = order.after.view().missing() ? order.bounds.from : order.after;
    cursor.started = !behind.view().missing();
    cursor.after = cursor.started ? identity_of(behind.view()) : std::string();
  }
  const Collection* collection = source_.store().find(cursor.bounds.ns);
  const uint64_t life = collection == nullptr ? 0 : collection->life;
  if (!order.is_open) cursor.life = life;
  if (order.is_open && (cursor.life != life || around_.happens(around_.profile.source.cursor_lost))) {
    fail(order, find_error(around_.random.percent(50) ? 43 : 175));
    return;
  }
  BsonWriter documents;
  uint32_t count = 0;
  bool done = true;
  const uint32_t most = std::min(order.documents_max, around_.random.between_u32(1, kDocumentsMax));
  const std::string last =
      cursor.bounds.to.view().missing() ? std::string() : identity_of(cursor.bounds.to.view());
  static const std::map<std::string, std::string> none;
  const auto& all = collection == nullptr ? none : collection->documents();
  for (auto at = cursor.started ? all.upper_bound(cursor.after) : all.begin(); at != all.end(); ++at) {
    if (!last.empty() && at->first > last) break;
    if (count == most) {
      done = false;
      break;
    }
    documents.document(std::to_string(count++), at->second);
    cursor.after = at->first;
    cursor.started = true;
  }
  auto batch = std::make_shared<RawBatch>(make_batch(documents.finish(), {}));
  around_.later(around_.random.milliseconds(0, 10), [this, order, batch, done] {
    cursors_[order.reader.value].asked = false;
    around_.give(input::RangeBatch{order.reader, order.range, std::move(*batch), done});
  });
}

void CopyLink::fail(const output::ReadRange& order, Error error) {
  around_.later(around_.random.milliseconds(0, 10), [this, order, error = std::move(error)] {
    cursors_[order.reader.value].asked = false;
    around_.give(input::RangeFailed{order.reader, order.range, error});
  });
}

void CopyLink::forget_cursors() { cursors_.assign(cursors_.size(), {}); }

}  // namespace ddsync::sim
