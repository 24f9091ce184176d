#include "partition_flash.hpp"

#include "esp_status.hpp"

namespace egiz::esp {

Status PartitionFlash::open() {
    partition_ = esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, "queue");
    return partition_ == nullptr ? Status(Err::not_found) : Status();
}

std::size_t PartitionFlash::sector_size() { return partition_ == nullptr ? 4096 : partition_->erase_size; }

// Without the partition there are no sectors: the backlog then works in RAM alone.
std::size_t PartitionFlash::sector_count() {
    return partition_ == nullptr ? 0 : partition_->size / partition_->erase_size;
}

Status PartitionFlash::read(std::size_t offset, MutableBytes out) {
    if (partition_ == nullptr) return Err::not_found;
    return to_status(esp_partition_read(partition_, offset, out.data(), out.size()));
}

Status PartitionFlash::write(std::size_t offset, Bytes data) {
    if (partition_ == nullptr) return Err::not_found;
    return to_status(esp_partition_write(partition_, offset, data.data(), data.size()));
}

Status PartitionFlash::erase(std::size_t sector) {
    if (partition_ == nullptr) return Err::not_found;
    const std::size_t size = partition_->erase_size;
    return to_status(esp_partition_erase_range(partition_, sector * size, size));
}

}  // namespace egiz::esp
