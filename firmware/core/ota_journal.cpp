#include "ota_journal.hpp"

#include <array>

#include "bytes.hpp"

namespace egiz {
namespace {

constexpr std::string_view key_state = "ota";
constexpr std::string_view key_manifest = "ota_manifest";
constexpr std::string_view key_minimum = "ota_min_build";
constexpr std::size_t id_size = CommandId::capacity();
constexpr std::size_t blob_size = 1 + 1 + 4 + 4 + 4 + 1 + id_size + 4;

}  // namespace

std::string_view to_string(OtaState s) {
    switch (s) {
        case OtaState::idle: return "idle";
        case OtaState::downloading: return "downloading";
        case OtaState::verifying: return "verifying";
        case OtaState::activating: return "activating";
        case OtaState::activated: return "activated";
        case OtaState::done: return "done";
        case OtaState::failed: return "failed";
    }
    return "unknown";
}

void OtaJournalStore::load(OtaJournal& out, MutableBytes scratch, std::string_view& manifest) {
    out = {};
    manifest = {};
    std::array<std::uint8_t, blob_size> blob{};
    const Result<std::size_t> size = kv_.get(key_state, blob);
    if (!size || size.value() != blob_size) return;
    ByteReader in(blob);
    const auto state = static_cast<std::uint8_t>(in.le(1));
    const auto code = static_cast<std::uint8_t>(in.le(1));
    const std::uint32_t offset = in.u32();
    const std::uint32_t activations = in.u32();
    const std::uint32_t manifest_crc = in.u32();
    const auto id_length = static_cast<std::size_t>(in.le(1));
    std::array<std::uint8_t, id_size> id{};
    in.raw(id);
    if (in.u32() != crc32({blob.data(), blob_size - 4}) || id_length > id_size) return;
    if (state > static_cast<std::uint8_t>(OtaState::failed)) return;
    const Result<std::size_t> length = kv_.get(key_manifest, scratch);
    if (!length || length.value() > scratch.size()) return;
    // The state belongs to exactly this manifest; a cut between the two keys must not mix updates.
    if (crc32({scratch.data(), length.value()}) != manifest_crc) return;
    manifest = {reinterpret_cast<const char*>(scratch.data()), length.value()};
    out.manifest_crc = manifest_crc;
    (void)out.command_id.assign({reinterpret_cast<const char*>(id.data()), id_length});
    out.state = static_cast<OtaState>(state);
    out.code = static_cast<Code>(code);
    out.offset = offset;
    out.activations = activations;
}

Status OtaJournalStore::save(const OtaJournal& journal) {
    std::array<std::uint8_t, blob_size> blob{};
    ByteWriter out(blob);
    out.le(static_cast<std::uint8_t>(journal.state), 1);
    out.le(static_cast<std::uint8_t>(journal.code), 1);
    out.le(journal.offset, 4);
    out.le(journal.activations, 4);
    out.le(journal.manifest_crc, 4);
    out.le(journal.command_id.size(), 1);
    std::array<std::uint8_t, id_size> id{};
    std::memcpy(id.data(), journal.command_id.view().data(), journal.command_id.size());
    out.raw(id);
    out.le(crc32({blob.data(), out.used()}), 4);
    return kv_.put(key_state, blob);
}

Status OtaJournalStore::save_manifest(std::string_view manifest, OtaJournal& journal) {
    journal.manifest_crc = crc32(as_bytes(manifest));
    return kv_.put(key_manifest, as_bytes(manifest));
}

void OtaJournalStore::clear() {
    (void)kv_.erase(key_state);
    (void)kv_.erase(key_manifest);
}

std::uint32_t OtaJournalStore::minimum_build() {
    std::array<std::uint8_t, 4> blob{};
    const Result<std::size_t> size = kv_.get(key_minimum, blob);
    return size.ok() && size.value() == blob.size() ? ByteReader(blob).u32() : 0;
}

void OtaJournalStore::set_minimum_build(std::uint32_t build) {
    std::array<std::uint8_t, 4> blob{};
    ByteWriter(blob).le(build, 4);
    (void)kv_.put(key_minimum, blob);
}

}  // namespace egiz
