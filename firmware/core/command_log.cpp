#include "command_log.hpp"

#include <algorithm>

#include "bytes.hpp"

namespace egiz {
namespace {

constexpr std::string_view key = "cmdlog";
constexpr std::size_t entry_size = 14;
constexpr std::size_t blob_size = 1 + CommandLog::max_entries * entry_size + 4;

}  // namespace

void CommandLog::load() {
    count_ = 0;
    next_ = 0;
    std::array<std::uint8_t, blob_size> blob{};
    const Result<std::size_t> size = kv_.get(key, blob);
    if (!size || size.value() < 5 || size.value() > blob.size() || (size.value() - 5) % entry_size != 0) return;
    const std::span<const std::uint8_t> body(blob.data(), size.value() - 4);
    ByteReader crc({blob.data() + body.size(), 4});
    if (crc.u32() != crc32(body)) return;
    ByteReader in(body);
    const auto next = static_cast<std::size_t>(in.le(1));
    const std::size_t count = (body.size() - 1) / entry_size;
    for (std::size_t i = 0; i < count; ++i) {
        Entry& e = entries_[i];
        e.id_hash = in.le(8);
        e.revision = in.u32();
        e.state = static_cast<ReportedState>(in.le(1));
        e.code = static_cast<Code>(in.le(1));
    }
    count_ = count;
    next_ = next % max_entries;
}

bool CommandLog::find(std::string_view id, CommandResult& out) const {
    for (const CommandResult& full : full_) {
        if (!full.id.empty() && full.id.view() == id) {
            out = full;
            return true;
        }
    }
    const std::uint64_t hash = fnv1a(id);
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].id_hash != hash) continue;
        out = {};
        (void)out.id.assign(id);
        out.state = entries_[i].state;
        out.code = entries_[i].code;
        out.revision = entries_[i].revision;
        out.message.assign_cut("repeated answer to a command that was already handled");
        return true;
    }
    return false;
}

Status CommandLog::remember(const CommandResult& result) {
    const auto same = std::find_if(full_.begin(), full_.end(), [&](const CommandResult& f) { return f.id == result.id; });
    CommandResult& full = same != full_.end() ? *same : full_[next_full_++ % max_full];
    full = result;
    const std::uint64_t hash = fnv1a(result.id.view());
    std::size_t slot = next_;
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].id_hash == hash) slot = i;
    }
    if (slot == next_) {
        next_ = (next_ + 1) % max_entries;
        count_ = std::max(count_, slot + 1);
    }
    entries_[slot] = {hash, result.revision, result.state, result.code};
    return store();
}

Status CommandLog::store() {
    std::array<std::uint8_t, blob_size> blob{};
    ByteWriter out(blob);
    out.le(next_, 1);
    for (std::size_t i = 0; i < count_; ++i) {
        const Entry& e = entries_[i];
        out.le(e.id_hash, 8);
        out.le(e.revision, 4);
        out.le(static_cast<std::uint8_t>(e.state), 1);
        out.le(static_cast<std::uint8_t>(e.code), 1);
    }
    out.le(crc32({blob.data(), out.used()}), 4);
    return kv_.put(key, {blob.data(), out.used()});
}

}  // namespace egiz
