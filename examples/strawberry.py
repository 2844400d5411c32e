"""The question that language models are asked: how many r's are there in "strawberry"?"""


def count_letter(word, letter):
    count = 0
    for character in word:
        if character == letter:
            count += 1
    return count


if __name__ == "__main__":
    print(count_letter("strawberry", "r"))
