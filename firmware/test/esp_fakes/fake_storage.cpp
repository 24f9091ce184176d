#include <algorithm>
#include <cstring>

#include "esp_ota_ops.h"
#include "fakes.hpp"
#include "nvs_flash.h"

namespace fake {

std::map<std::string, std::vector<std::uint8_t>> nvs;
std::map<std::string, int> nvs_init_code;
std::vector<std::string> nvs_erased_partitions;
std::map<std::string, std::vector<std::uint8_t>> flash;
bool flash_fails = false;
std::string boot_partition;
bool pending_verify = false;
bool image_accepted = true;

namespace {

constexpr std::size_t sector = 4096;
std::map<std::string, std::size_t> erase_counts;
std::vector<std::string> handles;  // prefix of each open namespace

esp_partition_t partition(const char* label, esp_partition_type_t type, std::uint32_t size) {
    esp_partition_t p{};
    p.type = type;
    p.size = size;
    p.erase_size = sector;
    std::strncpy(p.label, label, sizeof p.label - 1);
    return p;
}

const esp_partition_t queue = partition("queue", ESP_PARTITION_TYPE_DATA, 16 * sector);
const esp_partition_t ota_0 = partition("ota_0", ESP_PARTITION_TYPE_APP, 32 * sector);
const esp_partition_t ota_1 = partition("ota_1", ESP_PARTITION_TYPE_APP, 32 * sector);

std::string full_key(nvs_handle_t handle, const char* key) { return handles[handle] + key; }

}  // namespace

void reset_storage() {
    nvs.clear();
    nvs_init_code.clear();
    nvs_erased_partitions.clear();
    erase_counts.clear();
    flash_fails = pending_verify = false;
    image_accepted = true;
    boot_partition = "ota_0";
    for (const esp_partition_t* p : {&queue, &ota_0, &ota_1}) flash[p->label].assign(p->size, 0x5A);
}

std::size_t erases(const std::string& label) { return erase_counts[label]; }

}  // namespace fake

using namespace fake;

extern "C" {

const char* esp_err_to_name(esp_err_t) { return "error"; }

esp_err_t nvs_flash_init_partition(const char* label) { return nvs_init_code[label]; }
esp_err_t nvs_flash_erase_partition(const char* label) {
    nvs_erased_partitions.emplace_back(label);
    nvs_init_code[label] = ESP_OK;
    return ESP_OK;
}
esp_err_t nvs_open_from_partition(const char* partition_name, const char* name_space, nvs_open_mode_t, nvs_handle_t* out) {
    handles.push_back(std::string(partition_name) + "/" + name_space + "/");
    *out = static_cast<nvs_handle_t>(handles.size() - 1);
    return ESP_OK;
}
esp_err_t nvs_get_blob(nvs_handle_t handle, const char* key, void* out, size_t* length) {
    const auto found = nvs.find(full_key(handle, key));
    if (found == nvs.end()) return ESP_ERR_NVS_NOT_FOUND;
    if (found->second.size() > *length) return ESP_ERR_NVS_INVALID_LENGTH;
    std::copy(found->second.begin(), found->second.end(), static_cast<std::uint8_t*>(out));
    *length = found->second.size();
    return ESP_OK;
}
esp_err_t nvs_set_blob(nvs_handle_t handle, const char* key, const void* value, size_t length) {
    const auto* bytes = static_cast<const std::uint8_t*>(value);
    nvs[full_key(handle, key)].assign(bytes, bytes + length);
    return ESP_OK;
}
// A string is stored with its terminating zero and counted with it, as in the real store.
esp_err_t nvs_get_str(nvs_handle_t handle, const char* key, char* out, size_t* length) {
    return nvs_get_blob(handle, key, out, length);
}
esp_err_t nvs_set_str(nvs_handle_t handle, const char* key, const char* value) {
    return nvs_set_blob(handle, key, value, std::strlen(value) + 1);
}
esp_err_t nvs_erase_key(nvs_handle_t handle, const char* key) {
    return nvs.erase(full_key(handle, key)) == 1 ? ESP_OK : ESP_ERR_NVS_NOT_FOUND;
}
esp_err_t nvs_erase_all(nvs_handle_t handle) {
    std::erase_if(nvs, [&](const auto& entry) { return entry.first.starts_with(handles[handle]); });
    return ESP_OK;
}
esp_err_t nvs_commit(nvs_handle_t) { return ESP_OK; }

const esp_partition_t* esp_partition_find_first(esp_partition_type_t, esp_partition_subtype_t, const char* label) {
    return std::string(label) == queue.label ? &queue : nullptr;
}
esp_err_t esp_partition_read(const esp_partition_t* p, size_t offset, void* out, size_t size) {
    if (flash_fails || offset + size > p->size) return ESP_ERR_INVALID_SIZE;
    std::memcpy(out, flash[p->label].data() + offset, size);
    return ESP_OK;
}
esp_err_t esp_partition_write(const esp_partition_t* p, size_t offset, const void* data, size_t size) {
    if (flash_fails || offset + size > p->size || offset % 16 != 0 || size % 16 != 0) return ESP_ERR_INVALID_SIZE;
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    for (std::size_t i = 0; i < size; ++i) flash[p->label][offset + i] &= bytes[i];
    return ESP_OK;
}
esp_err_t esp_partition_erase_range(const esp_partition_t* p, size_t offset, size_t size) {
    if (flash_fails || offset + size > p->size || offset % sector != 0 || size % sector != 0) return ESP_ERR_INVALID_SIZE;
    std::fill_n(flash[p->label].begin() + static_cast<std::ptrdiff_t>(offset), size, std::uint8_t{0xFF});
    erase_counts[p->label] += size / sector;
    return ESP_OK;
}

const esp_partition_t* esp_ota_get_running_partition() { return &ota_0; }
const esp_partition_t* esp_ota_get_next_update_partition(const esp_partition_t*) { return &ota_1; }
const esp_partition_t* esp_ota_get_last_invalid_partition() { return boot_partition == "invalid" ? &ota_1 : nullptr; }
esp_err_t esp_ota_get_state_partition(const esp_partition_t*, esp_ota_img_states_t* state) {
    *state = pending_verify ? ESP_OTA_IMG_PENDING_VERIFY : ESP_OTA_IMG_VALID;
    return ESP_OK;
}
esp_err_t esp_ota_set_boot_partition(const esp_partition_t* p) {
    if (!image_accepted) return ESP_FAIL;
    boot_partition = p->label;
    return ESP_OK;
}
esp_err_t esp_ota_mark_app_valid_cancel_rollback() {
    pending_verify = false;
    return ESP_OK;
}
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot() {
    boot_partition = "invalid";
    return ESP_OK;
}
}
