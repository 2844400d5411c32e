def caesar(text, shift):
    result = ""
    for char in text:
        if char.isalpha():
            base = ord("a") if char.islower() else ord("A")
            result += chr((ord(char) - base + shift) % 26 + base)
        else:
            result += char
    return result


def counts(text):
    seen = {}
    for word in text.lower().split():
        seen[word] = seen.get(word, 0) + 1
    best = max(seen, key=lambda w: seen[w])
    return best, seen


secret = caesar("Hi, you", 3)
print(secret, counts("a b a <|frame_sep|>"))
quote = "it's \"quoted\" \\ \n"
print(f"{secret!r:>10} {quote}")
