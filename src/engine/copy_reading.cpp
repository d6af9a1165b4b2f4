// The reading side of Copies: which range a reader reads, and the documents that it brings.
#include <algorithm>

#include "engine/copies.h"

namespace ddsync {
namespace {

// Of a collection whose documents' size is not known yet. A server's reply is at most about 16 MB.
constexpr uint64_t kFirstDocuments = 250;

}  // namespace

void Copies::assign_readers() {
  for (uint32_t i = 0; i < readers_.size(); ++i) {
    if (readers_[i] != nullptr) continue;
    CollectionCopy* collection = choose();
    if (collection == nullptr) return;
    RangeLeft left = std::move(collection->waiting.front());
    collection->waiting.pop_front();
    const bool resumed = collection->interrupted > 0;
    if (resumed) collection->interrupted -= 1;
    auto& range = collection->active.emplace_back(
        std::make_unique<RangeCopy>(++last_range_, *collection, std::move(left), resumed));
    range->reader = ReaderId{i};
    readers_[i] = range.get();
  }
}

// The one that has the fewest readers, the smaller one first: small collections do not wait behind large
// ones.
CollectionCopy* Copies::choose() {
  CollectionCopy* best = nullptr;
  const auto reading = [](const CollectionCopy& collection) {
    return std::count_if(collection.active.begin(), collection.active.end(),
                         [](const auto& range) { return range->reader.has_value(); });
  };
  for (CollectionCopy& collection : collections_) {
    if (collection.step != Step::copy || collection.waiting.empty()) continue;
    if (streams_.at(collection.stream).is_gap()) continue;
    if (best == nullptr ||
        std::pair(reading(collection), collection.documents) < std::pair(reading(*best), best->documents))
      best = &collection;
  }
  return best;
}

bool Copies::may_read() const {
  const uint64_t most = std::min(shared_.options.copy.memory_bytes_max, shared_.options.memory_bytes_max / 2);
  return bytes_ + reserved_ < most && shared_.now >= read_again_at_ && !checkpoints_.failing();
}

void Copies::read() {
  for (RangeCopy* range : readers_) {
    if (range == nullptr || range->asked || shared_.now < range->read_again_at || !may_read()) continue;
    const CopyOptions& options = shared_.options.copy;
    output::ReadRange read;
    read.reader = *range->reader;
    read.range = range->id();
    read.is_open = range->open;
    if (!range->open) {
      read.bounds = range->bounds();
      read.after = range->read_to();
    }
    const uint64_t average = range->collection().average_bytes;
    const uint64_t fitting = average == 0 ? kFirstDocuments : options.batch_bytes_max / average;
    const uint64_t wanted = range->collection().documents_at_once.of(fitting);
    read.documents_max = static_cast<uint32_t>(std::clamp<uint64_t>(wanted, 1, options.batch_documents_max));
    range->asked = true;
    range->asked_documents = read.documents_max;
    range->asked_at = shared_.now;
    reserved_ += options.batch_bytes_max;
    shared_.emit(std::move(read));
  }
}

RangeCopy* Copies::reading(ReaderId reader, uint64_t id) {
  RangeCopy* range = reader.value < readers_.size() ? readers_[reader.value] : nullptr;
  return range != nullptr && range->id() == id && range->asked ? range : nullptr;
}

void Copies::on_batch(input::RangeBatch&& batch) {
  RangeCopy* range = reading(batch.reader, batch.range);
  if (range == nullptr) return;
  range->asked = false;
  range->open = !batch.done;
  range->failures = 0;
  range->collection().documents_at_once.answered(range->asked_documents,
                                                 shared_.options.copy.batch_documents_max);
  const bool done = batch.done;
  take_documents(*range, std::move(batch));
  if (!done) return;
  range->note_end();
  free_reader(*range);
}

void Copies::take_documents(RangeCopy& range, input::RangeBatch&& answer) {
  ElementCursor documents(answer.batch.events);
  spend(answer.batch.bytes);
  BatchRecord& batch =
      range.ledger().begin_batch(std::move(answer.batch.storage), answer.batch.bytes, shared_.now);
  while (documents.next()) {
    if (documents.value().type == BsonType::document)
      take_document(range, batch, documents.value().as_document());
  }
  const auto count = static_cast<uint64_t>(batch.slots.size());
  StreamPosition behind = Ledger::position_behind_last(batch);
  if (behind.known()) {
    range.note_read(count, OwnedValue(find_value(behind.token.view(), "_id")));
    CollectionCopy& collection = range.collection();
    const uint64_t average = answer.batch.bytes / count + 1;
    collection.average_bytes =
        collection.average_bytes == 0 ? average : (collection.average_bytes + average) / 2 + 1;
  }
  range.ledger().end_batch(batch, std::move(behind));
  acknowledger_.touch(range.ledger());
}

void Copies::take_document(RangeCopy& range, BatchRecord& batch, DocumentView document) {
  NamespaceQueue& queue = *range.collection().queue;
  Event event;
  event.kind = EventKind::insert;
  event.whole = document;
  event.id = find_value(document, "_id");
  if (event.id.missing()) return;  // no server stores one
  const EventRef ref = range.ledger().add_event(batch, event);
  if (range.resumed()) {  // the killed process may have sent it, and the changes made since wait in the spool
    suspects_.add(queue, event.id, Suspects::Cause::late_write);
    suspects_.add(queue, event.id, Suspects::Cause::not_told);
  }
  Operation operation;
  operation.kind = WriteKind::insert;
  operation.id = event.id;
  operation.document = document;
  operation.newest = operation.oldest = ref;
  pending_.add(queue, operation);
}

void Copies::on_failed(const input::RangeFailed& failed) {
  RangeCopy* range = reading(failed.reader, failed.range);
  if (range == nullptr) return;
  range->asked = false;
  range->open = false;
  if (failed.error.treatment == Treatment::missing) {  // dropped or renamed: the stream tells the rest
    range->note_end();
    free_reader(*range);
    return;
  }
  if (failed.error.treatment == Treatment::fatal) {
    shared_.end(output::StopReason::access_denied,
                "the source refuses to read " + range->bounds().ns.name() + ": " + describe(failed.error));
    return;
  }
  range->failures += 1;
  const Duration took = shared_.now - range->asked_at;
  if (was_too_much(failed.error, took))
    range->collection().documents_at_once.too_much(range->asked_documents);
  range->read_again_at = shared_.now + shared_.backoff(range->failures, took);
  if (failed.error.treatment != Treatment::cursor_lost) shared_.counters.errors += 1;
  if (Shared::is_said(range->failures)) {
    shared_.notice(output::Level::warning, "reading " + range->bounds().ns.name() + " failed (try " +
                                               std::to_string(range->failures) +
                                               "): " + describe(failed.error) +
                                               "; the copy goes on behind the last document read");
  }
}

void Copies::free_reader(RangeCopy& range) {
  readers_[range.reader->value] = nullptr;
  range.reader.reset();
}

void Copies::spend(uint64_t bytes) {
  bytes_read_ += bytes;
  const uint64_t rate = shared_.options.copy.bytes_per_second_max;
  if (rate == 0) return;
  const auto pause = static_cast<int64_t>(bytes * 1'000'000 / rate);
  read_again_at_ = std::max(read_again_at_, shared_.now) + Duration{pause};
}

}  // namespace ddsync
