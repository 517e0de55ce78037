# What every target of the house shares: language, warnings, hardening, sanitizers,
# and the three words the folders' own files are written in:
#   house_library(NAME [LIBRARIES...])   all *.c of this folder as one static library
#   house_program(NAME LIBRARIES...)     all *.c of this folder as one program
#   house_tests(FOLDER LIBRARIES...)     one program and one ctest per *_test.c of this folder

option(JOBS_BRIDGE_TESTS "build the tests" ON)
option(JOBS_BRIDGE_WERROR "treat warnings as errors" OFF)
option(JOBS_BRIDGE_HARDEN "hardened release flags" OFF)
option(JOBS_BRIDGE_FUZZ "build the fuzzers with libFuzzer (clang)" OFF)
set(JOBS_BRIDGE_SANITIZE "" CACHE STRING "sanitizers, such as address,undefined")
option(JOBS_BRIDGE_COVERAGE "count lines and branches" OFF)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.14)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.88)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)

add_library(house INTERFACE)
target_include_directories(house INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(house INTERFACE _GNU_SOURCE)
target_compile_options(house INTERFACE
    -Wall -Wextra -Wformat=2 -Wconversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wundef -fno-common
    $<$<BOOL:${JOBS_BRIDGE_WERROR}>:-Werror>)
if(JOBS_BRIDGE_HARDEN)
    target_compile_options(house INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong
        -fstack-clash-protection -fcf-protection=full -fPIE)
    target_link_options(house INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(JOBS_BRIDGE_SANITIZE)
    target_compile_definitions(house INTERFACE JOBS_BRIDGE_SANITIZED)
    target_compile_options(house INTERFACE
        -fsanitize=${JOBS_BRIDGE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(house INTERFACE -fsanitize=${JOBS_BRIDGE_SANITIZE})
endif()
if(JOBS_BRIDGE_FUZZ)
    target_compile_options(house INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(JOBS_BRIDGE_COVERAGE)
    target_compile_options(house INTERFACE --coverage -fprofile-abs-path)
    target_link_options(house INTERFACE --coverage)
endif()

function(house_library name)
    file(GLOB sources CONFIGURE_DEPENDS *.c)
    if(NOT sources)
        add_library(${name} INTERFACE)
        return()
    endif()
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC house ${ARGN})
endfunction()

function(house_program name)
    file(GLOB sources CONFIGURE_DEPENDS *.c)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE ${ARGN})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

function(house_tests folder)
    file(GLOB sources CONFIGURE_DEPENDS *_test.c)
    foreach(source ${sources})
        get_filename_component(stem ${source} NAME_WE)
        add_executable(${stem} ${source})
        target_link_libraries(${stem} PRIVATE ${ARGN} cmocka)
        target_compile_definitions(${stem} PRIVATE
            VECTORS_DIR="${CMAKE_SOURCE_DIR}/tests/vectors")
        add_test(NAME ${folder}/${stem} COMMAND ${stem})
        set_tests_properties(${folder}/${stem} PROPERTIES TIMEOUT 120)
    endforeach()
endfunction()
